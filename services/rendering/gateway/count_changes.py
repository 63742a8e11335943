"""Numbers of comments in lists: at most one new version of every list a second, however many comments arrive.

An article's own page shows each comment at once. A list has some thirty articles and is read most of all, so that it would be
rendered for every comment on any of them.
"""

import asyncio
from collections.abc import Callable
from time import monotonic

EVERY_S = 1.0


class CountChanges:
    """Collects new versions of counts, which lists follow at most a second later. `raise_floor` gets each name with its version."""

    def __init__(self, raise_floor: Callable[[str, int], object], clock: Callable[[], float] = monotonic) -> None:
        self._raise_floor = raise_floor
        self._clock = clock
        self._waiting: dict[str, int] = {}
        self._raised_at = float("-inf")

    def note(self, name: str, version: int) -> None:
        """Note a new version. The first one after a second of silence counts at once."""
        self._waiting[name] = version
        if self._clock() - self._raised_at >= EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Raise the floors of all noted versions."""
        if not self._waiting:
            return
        self._raised_at = self._clock()
        waiting, self._waiting = self._waiting, {}
        for name, version in waiting.items():
            self._raise_floor(name, version)

    def clear(self) -> None:
        """Forget what waits: the cache is empty, and versions of another read model do not compare."""
        self._waiting.clear()

    async def run(self) -> None:
        """Raise the floors once a second until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.flush()
