"""`python -m services.search` runs the service; `rebuild` makes its index anew and ends."""

import asyncio
import sys

from services.search.app import create_app
from services.search.rebuild import rebuild
from services.search.settings import SearchSettings
from shared.errors import SettingsError, Unavailable
from shared.http.app import run_service

if __name__ == "__main__":
    if sys.argv[1:] == ["rebuild"]:
        try:
            asyncio.run(rebuild(SearchSettings.load()))
        except (SettingsError, Unavailable) as error:
            sys.exit(f"rebuild: {error}")
    elif not sys.argv[1:]:
        run_service("search", SearchSettings, create_app)
    else:
        sys.exit("usage: python -m services.search [rebuild]")
