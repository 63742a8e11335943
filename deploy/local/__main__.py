"""`python -m deploy.local` runs the whole stack; `python -m deploy.local engines` runs the engines alone, for tests."""

import asyncio
import sys

from deploy.local.children import ForkserverLost
from deploy.local.data_folder import FolderTaken
from deploy.local.settings import LocalSettings
from deploy.local.stack import StackFailed
from deploy.local.supervisor import run
from shared.errors import SettingsError

if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["engines"]):
        sys.exit("usage: python -m deploy.local [engines]")
    try:
        asyncio.run(run(LocalSettings.load(), engines_only="engines" in sys.argv))
    except (SettingsError, FolderTaken, ForkserverLost, StackFailed) as error:
        sys.exit(f"World Monitor cannot run: {error}")
