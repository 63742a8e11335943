"""The most viewed articles of a span: of rolled-up days from MongoDB, of live days from Redis.

A rolled-up day keeps its first articles alone. A span of up to 31 days is the sum of each day's first 1,000, a longer one of each
day's first 100.
"""

import asyncio
from collections.abc import Sequence
from heapq import nlargest

from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.days import Marks, have_left
from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.questions import SITE
from services.popularity.numbers.rules import Mark, RankedLine, join_lines, standing
from services.popularity.numbers.top_store import DayTop, StoredTop, TopStore

_MOST_DAYS_IN_FULL = 31
_MOST_OF_LIVE_DAY = 1000
_NO_TOP = StoredTop(0, ())


class RankedDays:
    """Ranks the articles of days. A day may move from Redis to MongoDB meanwhile: then all is read again. Raises Unavailable."""

    def __init__(self, live: LiveStore, tops: TopStore, stored: DayStore) -> None:
        self._live = live
        self._tops = tops
        self._stored = stored

    async def top(self, scope: str, days: Sequence[str], most: int, *, with_visitors: bool = True) -> list[RankedLine]:
        """The most viewed articles of these days, the first ones first; ties by id, newest first."""
        return (await self.top_and_marks(scope, days, most, with_visitors=with_visitors))[0]

    async def top_and_marks(
        self,
        scope: str,
        days: Sequence[str],
        most: int,
        *,
        of_live: int = _MOST_OF_LIVE_DAY,
        with_visitors: bool = True,
    ) -> tuple[list[RankedLine], Marks]:
        """The same, and the marks of the live days whose views it has. `of_live`: articles of a live day and partition.

        Of a single day the first articles are exact, whatever that is.
        """
        of_live = most if len(days) == 1 else of_live
        marks = await self._live.marks()
        while True:
            found = await self._top(scope, days, most, marks, of_live, with_visitors=with_visitors)
            after = await self._live.marks()
            if not have_left(marks, after, days):
                return found, marks
            marks = after

    async def _top(
        self, scope: str, days: Sequence[str], most: int, marks: Marks, of_live: int, *, with_visitors: bool
    ) -> list[RankedLine]:
        live = [day for day in days if day in marks]
        past = [day for day in days if day not in marks]
        found = await self._tops.tops_of(scope, past, only_first=len(days) > _MOST_DAYS_IN_FULL)
        pieces = await self._tops.read([scope], live)
        for day in live:
            kept = [piece.lines for piece in standing(pieces.get((scope, day), _NO_TOP).pieces, marks[day])]
            found.append(_lists(join_lines([*kept, await self._live_top(scope, day, marks[day], of_live)])))
            await asyncio.sleep(0)
        first = await _first(found, most)
        if not with_visitors:
            return first
        visitors = await self._visitors([line.article for line in first], live)
        return [RankedLine(line.article, line.views, line.visitors + visitors.get(line.article, 0)) for line in first]

    async def first_day(self, marks: Marks) -> str | None:
        """The first day with numbers; `marks` are those of the live days."""
        stored = await self._stored.first_day()
        return min([*marks, *([] if stored is None else [stored])], default=None)

    async def _live_top(self, scope: str, day: str, marks: Sequence[Mark], most: int) -> list[RankedLine]:
        held = [mark.partition for mark in marks]
        if scope == SITE:
            lists = await self._live.top(day, held, 0, most)
        else:
            lists = await self._live.top_of_place(scope, day, held, most)
        return [RankedLine(article, views, 0) for pairs in lists for article, views in pairs]

    async def _visitors(self, articles: Sequence[str], days: Sequence[str]) -> dict[str, int]:
        wanted = [(day, article) for day in days for article in articles]
        counts = await self._live.visitors([(day, article, [self._live.partition(article)]) for day, article in wanted])
        sums: dict[str, int] = {}
        for (_, article), count in zip(wanted, counts, strict=True):
            sums[article] = sums.get(article, 0) + count
        return sums


def _lists(lines: Sequence[RankedLine]) -> DayTop:
    return DayTop([line.article for line in lines], [line.views for line in lines], [line.visitors for line in lines])


async def _first(tops: Sequence[DayTop], most: int) -> list[RankedLine]:
    views: dict[str, int] = {}
    visitors: dict[str, int] = {}
    for top in tops:
        for article, count, people in zip(top.articles, top.views, top.visitors, strict=True):
            views[article] = views.get(article, 0) + count
            visitors[article] = visitors.get(article, 0) + people
        # The loop that does this also takes readers' views.
        await asyncio.sleep(0)
    first = nlargest(most, ((count, article) for article, count in views.items() if count > 0))
    return [RankedLine(article, count, visitors[article]) for count, article in first]
