"""Builds a partition's counts again from roll-ups and the log, beside the live ones, while views go on being counted.

Of each day the stored pieces that began before the log's beginning are taken from MongoDB; all other views are read from the log.
Views that only Redis has (of a former log, or deleted by retention) are copied. Trends of rolled-up views are exact to
half an hour. Where a zone's hours do not begin with those of UTC, windows of rolled-up views are exact to an hour.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic, time
from zoneinfo import ZoneInfo

from services.popularity.model.chunks import NOBODY, Chunk, View, merge, read_view
from services.popularity.model.rules import day_of
from services.popularity.model.store import views_partition
from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.days import is_scope
from services.popularity.numbers.live_store import PARTITIONS, LiveStore
from services.popularity.numbers.rebuild_store import RebuildStore
from services.popularity.numbers.rules import Hours, Piece, Position, add_hours
from services.popularity.numbers.view_log import ViewLog
from shared import topics
from shared.errors import InvalidMessage, Unavailable, WorldMonitorError
from shared.events import Record

Report = Callable[[str], None]

_ROWS_AT_ONCE = 200
_REPORT_EVERY_S = 2.0
# Attempts to meet the live counters; each reads what they have counted meanwhile.
_MOST_TRIES = 1000


@dataclass
class _Start:
    """Where a partition's rebuild begins in the log, and the ends of the pieces that are taken, by day."""

    log: str
    begin: Position
    taken: dict[str, Position]
    copied: dict[str, Position] = field(default_factory=dict)
    """The beginnings of the days that were copied from Redis: they contain later pieces."""

    def is_covered(self, day: str, offset: int) -> bool:
        """Whether a taken piece has the view of a day at an offset."""
        return (self.begin[0], offset) < self.taken.get(day, (0, 0))

    def borders(self) -> list[int]:
        """Offsets where chunks end, so that the live part of a day begins behind its taken pieces."""
        return sorted({offset for epoch, offset in self.taken.values() if epoch == self.begin[0]})


class WouldLose(WorldMonitorError):
    """Redis has views that neither roll-ups nor log have. Nothing was changed."""


class Rebuild:
    """Builds all partitions. Raises Unavailable when an engine does not answer."""

    def __init__(
        self,
        live: LiveStore,
        days: DayStore,
        store: RebuildStore,
        log: ViewLog,
        zone: ZoneInfo,
        report: Report,
        *,
        patience_s: float = 30.0,
    ) -> None:
        self._live = live
        self._days = days
        self._store = store
        self._log = log
        self._zone = zone
        self._report = report
        self._patience_s = patience_s
        self._starts: dict[int, _Start] = {}
        self._has_visitors = True
        self.records = 0

    async def prepare(self, *, with_visitors: bool = True) -> None:
        """Start each partition anew with the roll-ups that the log does not have."""
        self._has_visitors = with_visitors
        await self._store.clear()
        for partition in PARTITIONS:
            begin = await self._log.beginning(partition)
            log, epoch = await self._store.begin(partition, begin)
            self._starts[partition] = _Start(log, (epoch, begin), {})
        await self._copy_lost_days()
        await self._add_days()

    async def _copy_lost_days(self) -> None:
        """Copy live days that began before the log's beginning, or in a former log: the log cannot give them again."""
        lost = [
            (day, mark.partition)
            for day, marks in (await self._live.marks()).items()
            for mark in marks
            if mark.begin < self._starts[mark.partition].begin
        ]
        for day, partition in lost:
            mark = await self._store.copy_day(partition, day, with_visitors=self._has_visitors)
            if mark is None:
                continue  # the leading counter has rolled it up
            start = self._starts[partition]
            start.copied[day], start.taken[day] = mark.begin, mark.end
            await self._add_copied(partition, day)
        self._report(f"{len(lost)} days from Redis alone")

    async def _add_copied(self, partition: int, day: str) -> None:
        rows = list((await self._store.copied_hours(partition, day)).items())
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            await self._store.add(partition, rows[first : first + _ROWS_AT_ONCE])

    async def _add_days(self) -> None:
        rows: dict[int, list[tuple[str, Hours]]] = {partition: [] for partition in PARTITIONS}
        count = 0
        async for name, day, pieces in self._days.all():
            taken = [piece for piece in pieces if self._is_taken(day, piece)]
            for piece in taken:
                ends = self._starts[piece.partition].taken
                ends[day] = max(ends.get(day, (0, 0)), piece.end)
            if taken and not is_scope(name):
                partition = views_partition(name)
                rows[partition].append((name, add_hours(piece.hours for piece in taken)))
                count += 1
                if len(rows[partition]) >= _ROWS_AT_ONCE:
                    await self._store.add(partition, rows[partition])
                    rows[partition] = []
        for partition, left in rows.items():
            await self._store.add(partition, left)
        self._report(f"{count} days of articles from roll-ups")

    def _is_taken(self, day: str, piece: Piece) -> bool:
        start = self._starts[piece.partition]
        copied = start.copied.get(day)
        return piece.begin < start.begin and (copied is None or piece.end <= copied)

    async def catch_up(self, partition: int) -> None:
        """Count the log up to the position of the live counts."""
        position, arrived = await self._store.position(partition), monotonic()
        while position < (target := await self._store.live_position(partition)):
            end = await self._count(partition, position, target)
            if end == position:
                self._check_patience(partition, position, target, monotonic() - arrived)
            else:
                position, arrived = end, monotonic()

    async def _count(self, partition: int, position: int, target: int) -> int:
        """Count the log from a position on, to `target` or as far as records come; returns the end.

        While Redis applies records, the next ones are read.
        """
        start, reported = self._starts[partition], monotonic()
        reading: asyncio.Task[Sequence[Record]] | None = self._start_reading(partition, position)
        applying: asyncio.Task[None] | None = None
        try:
            while reading is not None and (records := await reading):
                end = records[-1].offset + 1
                reading = self._start_reading(partition, end) if end < target else None
                chunks = list(
                    _chunks(position, [(record, self._read(start, record)) for record in records], start.borders())
                )
                if applying is not None:
                    await applying
                applying = asyncio.create_task(self._apply(partition, start.log, chunks), name="rebuild applies")
                await asyncio.sleep(0)  # it is sent
                position = end
                self.records += len(records)
                if monotonic() - reported > _REPORT_EVERY_S:
                    reported = monotonic()
                    self._report(f"partition {partition}: {position} of {target}")
            if applying is not None:
                await applying
        finally:
            if reading is not None:
                reading.cancel()
            await asyncio.gather(*filter(None, (reading, applying)), return_exceptions=True)
        return position

    def _start_reading(self, partition: int, position: int) -> "asyncio.Task[Sequence[Record]]":
        return asyncio.create_task(self._log.read(partition, position), name="rebuild reads")

    def _check_patience(self, partition: int, position: int, target: int, waited_s: float) -> None:
        if waited_s >= self._patience_s:
            raise Unavailable(
                f"partition {partition}: no record of {topics.VIEWS.name} for {self._patience_s:.0f} s at {position} of {target}; "
                "the counts may be those of another log (see /health/ready of the counter)"
            )

    async def _apply(self, partition: int, log: str, chunks: Sequence[Chunk]) -> None:
        for chunk in chunks:
            applied = await self._store.apply(partition, log, chunk)
            if applied.status not in ("OK", "ALREADY"):
                raise Unavailable(f"partition {partition}: another rebuild is at work, or the log was replaced")

    def _read(self, start: _Start, record: Record) -> View | None:
        try:
            view = read_view(record)
        except InvalidMessage:
            return None  # the counter has sent it to the dead letters
        if start.is_covered(day_of(view.minute, self._zone), record.offset):
            return None
        return view if self._has_visitors else view._replace(visitor=NOBODY)

    async def switch(self, partition: int) -> None:
        """Catch up, and replace the live counts at once."""
        for _ in range(_MOST_TRIES):
            await self.catch_up(partition)
            await self._store.retire(partition, int(time() * 1000))
            caught = await self._store.switch(partition)
            if caught == "OK":
                self._report(f"partition {partition}: switched")
                return
            if caught in ("LOG", "NONE"):
                raise Unavailable(f"partition {partition}: the log was replaced, or another rebuild is at work")
        raise Unavailable(f"partition {partition}: the live counts are always ahead")

    async def run(self, *, force: bool = False) -> int:
        """Rebuild all partitions; returns the number of records that were read.

        Without `force`, raises WouldLose before any change when an article would have fewer views of all time.
        """
        try:
            await self.prepare()
            if not force:
                await self._check_losses()
            for partition in PARTITIONS:
                await self.switch(partition)
        finally:
            await self._store.clear()
        return self.records

    async def _check_losses(self) -> None:
        losses: list[int] = []
        for partition in PARTITIONS:
            live = await self._store.live_sums(partition)
            await self.catch_up(partition)
            new = await self._store.sums(partition, "all", live=False)
            losses += [views - new.get(article, 0) for article, views in live.items() if views > new.get(article, 0)]
        if losses:
            articles = "1 article" if len(losses) == 1 else f"{len(losses)} articles"
            raise WouldLose(
                f"{articles} would lose {sum(losses)} views of all time that neither roll-ups nor log have, as those from "
                "before roll-ups existed. Nothing was changed. `fsck rankings` lists them; --force replaces the counts "
                "nevertheless"
            )


def _chunks(position: int, read: Sequence[tuple[Record, View | None]], borders: Sequence[int]) -> Iterator[Chunk]:
    first = 0
    for border in borders:
        count = sum(record.offset < border for record, _ in read[first:])
        if count:
            yield from merge(position, read[first : first + count])
            first += count
            position = read[first - 1][0].offset + 1
    yield from merge(position, read[first:])
