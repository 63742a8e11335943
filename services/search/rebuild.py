"""`world-monitor rebuild search`: builds the next index from the beginning of the log, beside the serving one.

At the end of the log, `current` is pointed to the new index, and the running service changes to it. An interrupted rebuild
continues at its position when it is called again.
"""

import asyncio
from collections.abc import Callable
from time import monotonic

from services.search.consumers import Follower
from services.search.generations import Generations
from services.search.searcher import open_index
from services.search.settings import SearchSettings
from shared.process.process import stop_task
from shared.site.pages import pages_of_site

_REPORT_EVERY_S = 0.5

Report = Callable[[str], None]


async def rebuild(settings: SearchSettings, *, report: Report = print) -> int:
    """Build the next index of this instance and make it serve; returns its number."""
    generations = Generations(settings.own_index)
    number = generations.current() + 1
    index = open_index(generations, number)
    index.write()
    report(f"building index {number} in {generations.path(number)}; number {number - 1} goes on serving")
    try:
        index.replace_pages(pages_of_site(settings.site).values())
        await _catch_up(Follower(settings, index), report)
        report(f"index {number} is complete: {index.size} documents")
    finally:
        index.close()
    generations.point_to(number)
    return number


async def _catch_up(follower: Follower, report: Report) -> None:
    started = monotonic()
    following = asyncio.create_task(follower.run(), name="rebuild")
    try:
        while not follower.caught_up:
            done, _ = await asyncio.wait({following}, timeout=_REPORT_EVERY_S)
            if done:
                following.result()
            report(f"{follower.applied} states of articles in {monotonic() - started:.1f} s")
    finally:
        await stop_task(following)
