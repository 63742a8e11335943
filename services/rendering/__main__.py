"""`python -m services.rendering gateway|projector` runs a process; `rebuild` makes the read model anew and ends."""

import asyncio
import sys

from services.rendering.app import GROUP, PROCESSES
from services.rendering.rebuild import rebuild
from services.rendering.settings import RenderingSettings
from shared.errors import SettingsError, Unavailable
from shared.service import run_service

if __name__ == "__main__":
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb in PROCESSES:
        name, create_app = PROCESSES[verb]
        run_service(name, RenderingSettings, create_app)
    elif verb == "rebuild":
        try:
            asyncio.run(rebuild(RenderingSettings.load(), database="rendering", group=GROUP))
        except (SettingsError, Unavailable) as error:
            sys.exit(f"rebuild: {error}")
    else:
        sys.exit(f"usage: python -m services.rendering {'|'.join((*PROCESSES, 'rebuild'))}")
