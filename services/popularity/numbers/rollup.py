"""Moves finished days from Redis to MongoDB, with the log's positions that they cover.

The leading counter does it. Two at once do no harm: of two writes of a document one fails, and a day leaves Redis only as it was
when it was read and stored.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import time
from zoneinfo import ZoneInfo

import structlog

from services.popularity import metrics
from services.popularity.model.chunks import ADJUSTED
from services.popularity.model.rules import hours_of
from services.popularity.numbers.day_store import DayStore, StoredDay
from services.popularity.numbers.days import DROPPED
from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.periods import day_start, next_day
from services.popularity.numbers.questions import SITE
from services.popularity.numbers.rules import (
    DayNumbers,
    Hours,
    Mark,
    Piece,
    RankedLine,
    add_counts,
    add_hours,
    by_class,
    day_numbers,
    replace,
)
from services.popularity.numbers.top_store import StoredTop, TopPiece, TopStore
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

_EVERY_S = 30.0
# A view may be a few minutes late: it waited in a browser, or for Kafka.
_AFTER_MINUTES = 60
_ARTICLES_AT_ONCE = 100
# The first articles that are kept of a day, of each partition.
_MOST_OF_SECTION = 1000
_MOST_OF_TAG = 100
_NEW = StoredDay(0, ())


class RollUp:
    """Rolls up days while `leads` returns true for this process."""

    def __init__(
        self, live: LiveStore, stored: DayStore, tops: TopStore, zone: ZoneInfo, *, leads: Callable[[], bool]
    ) -> None:
        self._live = live
        self._stored = stored
        self._tops = tops
        self._zone = zone
        self._leads = leads
        self._seen: dict[tuple[str, int], str] = {}

    async def run(self) -> None:
        """Roll up until cancelled."""
        while True:
            try:
                if self._leads():
                    await self.look(int(time()) // 60)
            except Unavailable as error:
                _log.warning("rollup.waits", reason=str(error))
            await asyncio.sleep(_EVERY_S)

    async def look(self, now: int) -> None:
        """Roll up the days that ended an hour before `now` and have not changed since the last look. Raises Unavailable."""
        await self._live.go_on_dropping()
        marks = await self._live.marks()
        metrics.DAYS_LIVE.set(len(marks))
        seen, self._seen = self._seen, {}
        for day in sorted(marks):
            if day_start(next_day(day), self._zone) + _AFTER_MINUTES > now:
                continue
            for mark in marks[day]:
                key = (day, mark.partition)
                self._seen[key] = mark.text
                if seen.get(key) == mark.text:
                    await self.roll_up(day, mark)

    async def roll_up(self, day: str, mark: Mark) -> bool:
        """Store a partition's part of a day and delete it in Redis; False when views came meanwhile. Raises Unavailable."""
        scopes, has_views = await self._store_scopes(day, mark)
        await self._store_articles(day, mark)
        if has_views:
            await self._stored.note_day(day)
        is_dropped = await self._live.drop(day, mark, scopes)
        metrics.DAYS_ROLLED_UP.inc(is_dropped)
        return is_dropped

    async def _store_scopes(self, day: str, mark: Mark) -> tuple[list[str], bool]:
        """Store the scopes; returns them, and whether the day has views that are no adjustments."""
        found = await self._live.scopes(day, mark.partition)
        sketches = await self._live.sketches(day, mark.partition, list(found))
        hosts, dropped = [(await self._live.counts(kind, day, [mark.partition]))[0] for kind in ("hosts", "dropped")]
        pieces = {scope: _piece(mark, hours, sketches[scope]) for scope, hours in found.items()}
        if SITE in pieces:
            pieces[SITE] = _piece(mark, found[SITE], sketches[SITE], hosts)
        if dropped:
            pieces[DROPPED] = _piece(mark, {}, b"", dropped)
        names = list(pieces)
        for first in range(0, len(names), _ARTICLES_AT_ONCE):
            await self._store(day, {name: pieces[name] for name in names[first : first + _ARTICLES_AT_ONCE]})
        views = sum(count for letter, count in by_class(found.get(SITE, {})).items() if letter != ADJUSTED)
        return list(found), views > 0

    async def _store_articles(self, day: str, mark: Mark) -> None:
        tops: dict[str, list[RankedLine]] = {}
        starts, first = hours_of(day, self._zone), 0
        while pairs := (await self._live.top(day, [mark.partition], first, _ARTICLES_AT_ONCE))[0]:
            first += len(pairs)
            articles = [article for article, _ in pairs]
            hours = await self._live.hours_of_articles(day, mark.partition, articles, starts)
            sketches = await self._live.sketches(day, mark.partition, articles)
            kept = await self._store(
                day, {article: _piece(mark, hours[article], sketches[article]) for article in articles}
            )
            places = await self._live.places(articles)
            _add_to_tops(tops, pairs, kept, places)
        await self._store_tops(day, mark, tops)

    async def _store_tops(self, day: str, mark: Mark, tops: Mapping[str, list[RankedLine]]) -> None:
        stored = await self._tops.read(list(tops), [day])
        changed: dict[tuple[str, str], StoredTop] = {}
        for scope, lines in tops.items():
            former = stored.get((scope, day), StoredTop(0, ()))
            new = TopPiece(mark.partition, mark.begin, mark.end, tuple(lines))
            changed[scope, day] = StoredTop(former.rev, tuple(replace(former.pieces, new)))
        await self._tops.write(changed)

    async def _store(self, day: str, pieces: Mapping[str, Piece]) -> dict[str, DayNumbers]:
        stored = await self._stored.days(list(pieces), [day])
        live = await self._live.visitors([(day, name, [piece.partition]) for name, piece in pieces.items()])
        written: dict[tuple[str, str], tuple[int, DayNumbers, Sequence[Piece]]] = {}
        for (name, piece), visitors in zip(pieces.items(), live, strict=True):
            former = stored.get((name, day), _NEW)
            parts = replace(former.pieces, piece)
            if len(parts) > 1:
                visitors = await self._live.estimate([], [part.sketch for part in parts if part.sketch])
            written[name, day] = (former.rev, _sum(parts, visitors), parts)
        await self._stored.write(written)
        return {name: numbers for (name, _), (_, numbers, _) in written.items()}


def _piece(mark: Mark, hours: Hours, sketch: bytes, counts: Mapping[str, int] | None = None) -> Piece:
    return Piece(mark.partition, mark.begin, mark.end, hours, sketch, counts or {})


def _sum(parts: Sequence[Piece], visitors: int) -> DayNumbers:
    return day_numbers(add_hours(part.hours for part in parts), visitors, add_counts(part.counts for part in parts))


def _add_to_tops(
    tops: dict[str, list[RankedLine]],
    pairs: Iterable[tuple[str, int]],
    kept: Mapping[str, DayNumbers],
    places: Mapping[str, Iterable[str]],
) -> None:
    """Add articles, which come most viewed first, to the tops that have room, and each one that adjustments take views from."""
    for article, views in pairs:
        for scope in (SITE, *places.get(article, ())):
            lines = tops.setdefault(scope, [])
            has_room = len(lines) < (_MOST_OF_TAG if scope.startswith("t:") else _MOST_OF_SECTION)
            if views < 0 or (views > 0 and has_room):
                lines.append(RankedLine(article, views, kept[article].visitors))
