"""The page of a story that was just published is rendered before the lists that it changed.

All renders share one event loop: together, each takes as long as all of them. The story is what somebody waits for, and a
list is complete no later when it begins after the story.
"""

import asyncio
from contextlib import suppress

# Longer than a render on a slow machine. A page that gives way is late by this at most.
LONGEST_WAIT_S = 0.1
# More stories at once are an import: nobody waits for each of them, and readers must not wait for all.
MOST_FIRST = 2


class RightOfWay:
    """The keys of the pages that come first. Every other render waits for them, within LONGEST_WAIT_S."""

    def __init__(self, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self._longest_wait_s = longest_wait_s
        self._first: set[str] = set()
        self._is_free = asyncio.Event()
        self._is_free.set()

    def claim(self, key: str) -> None:
        """Render this page first, until it is released."""
        self._first.add(key)
        self._is_free.clear()

    def release(self, key: str) -> None:
        """This page is rendered, or will not be."""
        self._first.discard(key)
        if not self._first:
            self._is_free.set()

    async def give_way(self, key: str) -> None:
        """Wait until the pages that come first are rendered, unless this is one of them."""
        if key in self._first or not 0 < len(self._first) <= MOST_FIRST:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._longest_wait_s):
                await self._is_free.wait()
