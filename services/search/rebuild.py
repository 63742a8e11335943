"""`world-monitor rebuild search`: builds an index anew from the log's beginning, beside the one that serves.

When it has caught up, `current` points to it and the service of that instance goes over by itself. Interrupted, it goes on
where it was when it is called again.
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

_TELL_EVERY_S = 0.5

Say = Callable[[str], None]


async def rebuild(settings: SearchSettings, *, say: Say = print) -> int:
    """Build the next index of this instance and have it serve; returns its number."""
    generations = Generations(settings.own_index)
    number = generations.current() + 1
    index = open_index(generations, number)
    index.write()
    say(f"building index {number} in {generations.path(number)}; number {number - 1} goes on serving")
    try:
        index.replace_pages(pages_of_site(settings.site).values())
        await _catch_up(Follower(settings, index), say)
        say(f"index {number} is whole: {index.size} documents")
    finally:
        index.close()
    generations.point_to(number)
    return number


async def _catch_up(follower: Follower, say: Say) -> None:
    started = monotonic()
    following = asyncio.create_task(follower.run(), name="rebuild")
    try:
        while not follower.caught_up:
            done, _ = await asyncio.wait({following}, timeout=_TELL_EVERY_S)
            if done:
                following.result()
            say(f"{follower.applied} states of articles in {monotonic() - started:.1f} s")
    finally:
        await stop_task(following)
