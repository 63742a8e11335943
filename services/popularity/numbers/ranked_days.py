"""The most viewed articles of a span: of rolled-up days from MongoDB, of live days from Redis.

A rolled-up day keeps its first articles alone, so the sum of many days is exact for articles that are among them on each of
their days.
"""

from collections.abc import Sequence
from dataclasses import replace as changed

from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.questions import SITE
from services.popularity.numbers.rules import Mark, RankedLine, add_lines, join_lines, standing
from services.popularity.numbers.top_store import TopStore

# Articles of a live day that are looked at for those of a section or tag, in each partition, and at once.
_MOST_LOOKED_AT = 20_000
_AT_ONCE = 1000


class RankedDays:
    """Ranks the articles of days. Raises Unavailable."""

    def __init__(self, live: LiveStore, tops: TopStore, stored: DayStore) -> None:
        self._live = live
        self._tops = tops
        self._stored = stored

    async def top(self, scope: str, days: Sequence[str], most: int, *, with_visitors: bool = True) -> list[RankedLine]:
        """The most viewed articles of these days, the first ones first; ties by id, newest first."""
        marks = await self._live.marks()
        stored = await self._tops.read([scope], days)
        kept = (
            join_lines(piece.lines for piece in standing(top.pieces, marks.get(day, ())))
            for (_, day), top in stored.items()
        )
        live = {day: await self._live_top(scope, day, marks[day], most) for day in days if day in marks}
        lines = add_lines([*kept, *live.values()])
        first = sorted((line for line in lines.values() if line.views > 0), key=lambda line: line.article, reverse=True)
        first = sorted(first, key=lambda line: -line.views)[:most]
        if not with_visitors:
            return first
        visitors = await self._visitors([line.article for line in first], list(live))
        return [changed(line, visitors=line.visitors + visitors.get(line.article, 0)) for line in first]

    async def first_day(self) -> str | None:
        """The first day with numbers."""
        stored = await self._stored.first_day()
        return min([*await self._live.marks(), *([] if stored is None else [stored])], default=None)

    async def has_live(self, days: Sequence[str]) -> bool:
        """Whether some views of these days are not rolled up."""
        marks = await self._live.marks()
        return any(day in marks for day in days)

    async def _live_top(self, scope: str, day: str, marks: Sequence[Mark], most: int) -> list[RankedLine]:
        found: list[RankedLine] = []
        held = [mark.partition for mark in marks]
        for first in range(0, _MOST_LOOKED_AT, _AT_ONCE):
            lists = await self._live.top(day, held, first, _AT_ONCE)
            for pairs in lists:
                places = {} if scope == SITE else await self._live.places([article for article, _ in pairs])
                found += [
                    RankedLine(article, views, 0)
                    for article, views in pairs
                    if scope == SITE or scope in places.get(article, ())
                ]
            held = [partition for partition, pairs in zip(held, lists, strict=True) if len(pairs) == _AT_ONCE]
            # A thousand articles of each partition hold the first thousand of all.
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
