"""`python -m services.popularity api|counter` runs a process; `adopt-log` takes up a log that replaced the known one."""

import asyncio
import sys

from services.popularity.app import create_api, create_counter
from services.popularity.commands import adopt_log
from services.popularity.settings import PopularitySettings
from shared.errors import SettingsError, Unavailable
from shared.http.app import run_service


async def _adopt_log() -> None:
    async for line in adopt_log(PopularitySettings.load()):
        print(line)


if __name__ == "__main__":
    if sys.argv[1:] == ["api"]:
        run_service("popularity", PopularitySettings, create_api)
    elif sys.argv[1:] == ["counter"]:
        run_service("popularity-counter", PopularitySettings, create_counter)
    elif sys.argv[1:] == ["adopt-log"]:
        try:
            asyncio.run(_adopt_log())
        except (SettingsError, Unavailable) as error:
            sys.exit(f"adopt-log: {error}")
    else:
        sys.exit("usage: python -m services.popularity api|counter|adopt-log")
