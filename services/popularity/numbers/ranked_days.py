"""The most viewed articles of a span: of rolled-up days from MongoDB, of live days from Redis.

A rolled-up day keeps its first articles alone, so the sum of many days is exact for articles that are among
them on each of their days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.questions import SITE
from services.popularity.numbers.rules import Mark

# Articles of a live day that are looked at for those of a section or tag, in each partition, and at once.
_MOST_LOOKED_AT = 20_000
_AT_ONCE = 1000


@dataclass(frozen=True)
class RankedLine:
    """An article, its views, and the sum of its daily visitors."""

    article: str
    views: int
    visitors: int


class RankedDays:
    """Ranks the articles of days. Raises Unavailable."""

    def __init__(self, live: LiveStore) -> None:
        self._live = live

    async def top(self, scope: str, days: Sequence[str], most: int, *, with_visitors: bool = True) -> list[RankedLine]:
        """The most viewed articles of these days, the first ones first; ties by id, newest first."""
        marks = await self._live.marks()
        live = {day: await self._live_top(scope, day, marks[day], most) for day in days if day in marks}
        views: dict[str, int] = {}
        for counts in live.values():
            for article, count in counts.items():
                views[article] = views.get(article, 0) + count
        first = sorted((article for article in views if views[article] > 0), reverse=True)
        first = sorted(first, key=lambda article: -views[article])[:most]
        visitors = await self._visitors(first, list(live)) if with_visitors else {}
        return [RankedLine(article, views[article], visitors.get(article, 0)) for article in first]

    async def first_day(self) -> str | None:
        """The first day with numbers."""
        return min(await self._live.marks(), default=None)

    async def has_live(self, days: Sequence[str]) -> bool:
        """Whether some views of these days are not rolled up."""
        marks = await self._live.marks()
        return any(day in marks for day in days)

    async def _live_top(self, scope: str, day: str, marks: Sequence[Mark], most: int) -> dict[str, int]:
        found: dict[str, int] = {}
        held = [mark.partition for mark in marks]
        for first in range(0, _MOST_LOOKED_AT, _AT_ONCE):
            lists = await self._live.top(day, held, first, max(most, _AT_ONCE))
            for pairs in lists:
                counts = dict(pairs)
                places = {} if scope == SITE else await self._live.places(list(counts))
                found |= {
                    article: views
                    for article, views in counts.items()
                    if scope == SITE or scope in places.get(article, ())
                }
            held = [partition for partition, pairs in zip(held, lists, strict=True) if len(pairs) >= _AT_ONCE]
            if scope == SITE or not held or len(found) >= most * len(marks):
                break
        return found

    async def _visitors(self, articles: Sequence[str], days: Sequence[str]) -> dict[str, int]:
        wanted = [(day, article) for day in days for article in articles]
        counts = await self._live.visitors([(day, article, [self._live.partition(article)]) for day, article in wanted])
        sums: dict[str, int] = {}
        for (_, article), count in zip(wanted, counts, strict=True):
            sums[article] = sums.get(article, 0) + count
        return sums
