"""Rankings of past days, held for half a minute: everybody may ask for them, and a day that is still in Redis is costly."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from services.popularity.numbers.ranked_days import RankedDays
from services.popularity.numbers.rules import RankedLine

_HELD_S = 30.0
# Some megabytes: a ranking has 200 articles.
_MOST_HELD = 128
# A section has its first 100, and as many may be withdrawn since.
_MOST = 200

Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class PastRanking:
    """The first articles of some days. `is_live` while some of their views are in Redis; `first_day` is the first with numbers."""

    lines: Sequence[RankedLine]
    is_live: bool
    first_day: str | None


class HeldRankings:
    """Reads a ranking once for all who ask for it at the same time or within half a minute. Raises Unavailable."""

    def __init__(self, ranked: RankedDays, clock: Callable[[], float] = monotonic) -> None:
        self._ranked = ranked
        self._clock = clock
        self._held: OrderedDict[Key, tuple[float, asyncio.Task[PastRanking]]] = OrderedDict()

    async def find(self, scope: str, days: Sequence[str]) -> PastRanking:
        """The ranking of these days in a scope, most viewed first."""
        key = (scope, tuple(days))
        until, task = self._held.get(key, (0.0, None))
        if task is None or self._clock() > until or (task.done() and task.exception() is not None):
            task = asyncio.create_task(self._read(scope, days))
            self._held[key] = self._clock() + _HELD_S, task
            self._held.move_to_end(key)
            if len(self._held) > _MOST_HELD:
                self._held.popitem(last=False)
        return await asyncio.shield(task)

    async def _read(self, scope: str, days: Sequence[str]) -> PastRanking:
        lines, marks = await self._ranked.top_and_marks(scope, days, _MOST, of_live=_MOST, with_visitors=False)
        return PastRanking(lines, any(day in marks for day in days), await self._ranked.first_day(marks))
