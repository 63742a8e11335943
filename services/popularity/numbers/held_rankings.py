"""Rankings of past days, held for half a minute: everybody may ask for them, and a day that is still in Redis is costly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from services.popularity.model.held import Held
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
        self._held = Held(self._read, hold_s=_HELD_S, most=_MOST_HELD, clock=clock)

    async def find(self, scope: str, days: Sequence[str]) -> PastRanking:
        """The ranking of these days in a scope, most viewed first."""
        return await self._held.find((scope, tuple(days)))

    async def _read(self, key: Key) -> PastRanking:
        scope, days = key
        lines, marks = await self._ranked.top_and_marks(scope, days, _MOST, of_live=_MOST, with_visitors=False)
        return PastRanking(lines, any(day in marks for day in days), await self._ranked.first_day(marks))
