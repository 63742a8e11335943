"""Numbers by day from both places: rolled-up days from MongoDB, days that are not rolled up from Redis, or parts of each."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from services.popularity.model.rules import hours_of
from services.popularity.model.store import views_partition
from services.popularity.numbers.day_store import DayStore, StoredDay
from services.popularity.numbers.live_store import PARTITIONS, LiveStore
from services.popularity.numbers.questions import SITE
from services.popularity.numbers.rules import (
    DayNumbers,
    Mark,
    Piece,
    add_counts,
    add_hours,
    day_numbers,
    standing,
)

Marks = Mapping[str, Sequence[Mark]]
_NO_DAY = StoredDay(0, ())
_NO_NUMBERS = DayNumbers()
# Days that are read at the same time; views need Redis' connections too.
_AT_ONCE = 8
# The name of a day's dropped views, by reason.
DROPPED = "dropped"
# Names with counts beside their hours, and the kind of these counts in Redis.
COUNTED: Mapping[str, str] = {SITE: "hosts", DROPPED: "dropped"}


class Days:
    """Reads days. A day may move from Redis to MongoDB meanwhile: then it is read again."""

    def __init__(self, live: LiveStore, stored: DayStore, zone: ZoneInfo) -> None:
        self._live = live
        self._stored = stored
        self._zone = zone

    async def read(
        self, names: Sequence[str], days: Sequence[str], *, with_hours: Iterable[str] = ()
    ) -> dict[tuple[str, str], DayNumbers]:
        """The numbers of each article or scope and day that has any; `with_hours`: these days also by hour.

        Raises Unavailable.
        """
        found: dict[tuple[str, str], DayNumbers] = {}
        left, marks = list(days), await self._live.marks()
        while left:
            found |= await self._read(names, left, frozenset(with_hours), marks)
            after = await self._live.marks()
            left = [day for day in left if have_left(marks, after, [day])]
            marks = after
        return found

    async def visitors(self, name: str, days: Sequence[str]) -> dict[str, int]:
        """The distinct visitors of an article or scope on each day that has any, without views. Raises Unavailable."""
        found: dict[str, int] = {}
        left, marks = list(days), await self._live.marks()
        while left:
            found |= await self._visitors(name, left, marks)
            after = await self._live.marks()
            left = [day for day in left if have_left(marks, after, [day])]
            marks = after
        return found

    async def _visitors(self, name: str, days: Sequence[str], marks: Marks) -> dict[str, int]:
        found = {day: sums.visitors for (_, day), sums in (await self._stored.sums([name], days)).items()}
        live = {day: own for day in days if (own := _own(name, marks.get(day, ())))}
        stored = await self._stored.days([name], list(live)) if live else {}
        for day, own in live.items():
            pieces = standing(stored.get((name, day), _NO_DAY).pieces, own)
            found[day] = await self._estimate(name, day, pieces, own)
        return found

    async def sections(self, sections: Sequence[str], days: Sequence[str]) -> dict[str, dict[str, DayNumbers]]:
        """The views and visitors of each section and day, without classes. Raises Unavailable."""
        marks = await self._live.marks()
        names = {f"s:{section}": section for section in sections}
        found: dict[str, dict[str, DayNumbers]] = {section: {} for section in sections}
        for day, sums in (await self._stored.sections([day for day in days if day not in marks])).items():
            for section in found.keys() & sums.keys():
                found[section][day] = DayNumbers(*sums[section])
        # A day that was live a moment ago may be stored by now: `read` looks at both places.
        for (name, day), numbers in (await self.read(list(names), [day for day in days if day in marks])).items():
            found[names[name]][day] = numbers
        return found

    async def _read(
        self, names: Sequence[str], days: Sequence[str], with_hours: frozenset[str], marks: Marks
    ) -> dict[tuple[str, str], DayNumbers]:
        live = [day for day in days if day in marks]
        whole = [day for day in days if day in marks or day in with_hours]
        found = await self._stored.sums(names, days)
        stored = await self._stored.days(names, whole) if whole else {}
        keys = [(name, day) for name in names for day in whole if (name, day) in stored or day in live]
        for first in range(0, len(keys), _AT_ONCE):
            step = keys[first : first + _AT_ONCE]
            merged = await asyncio.gather(
                *(
                    self._merge(
                        name,
                        day,
                        stored.get((name, day), _NO_DAY).pieces,
                        found.get((name, day), _NO_NUMBERS).visitors,
                        marks.get(day, ()),
                    )
                    for name, day in step
                )
            )
            found |= zip(step, merged, strict=True)
        return found

    async def _merge(
        self, name: str, day: str, stored: Sequence[Piece], visitors: int, marks: Sequence[Mark]
    ) -> DayNumbers:
        marks = _own(name, marks)
        pieces = standing(stored, marks)
        held = [mark.partition for mark in marks]
        kind = "scopes" if is_scope(name) else "hours"
        live = await self._live.hours(name, day, hours_of(day, self._zone), held, kind) if held else []
        counts = await self._live.counts(COUNTED[name], day, held) if name in COUNTED and held else []
        if held:
            visitors = await self._estimate(name, day, pieces, marks)
        return day_numbers(
            add_hours([*(piece.hours for piece in pieces), *live]),
            visitors,
            add_counts([*(piece.counts for piece in pieces), *counts]),
        )

    async def _estimate(self, name: str, day: str, pieces: Sequence[Piece], marks: Sequence[Mark]) -> int:
        live = [(day, name, mark.partition) for mark in marks]
        return await self._live.estimate(live, [piece.sketch for piece in pieces if piece.sketch])


def _own(name: str, marks: Sequence[Mark]) -> list[Mark]:
    partitions = partitions_of(name)
    return [mark for mark in marks if mark.partition in partitions]


def is_scope(name: str) -> bool:
    """Whether a name is that of a scope; ids of articles have no colon."""
    return name in COUNTED or name[:2] in ("s:", "t:", "l:")


def partitions_of(name: str) -> Sequence[int]:
    """The partitions that count an article or scope."""
    return PARTITIONS if is_scope(name) else (views_partition(name),)


def have_left(before: Marks, after: Marks, days: Sequence[str]) -> bool:
    """Whether live counts of these days left Redis."""
    return any(
        mark.partition not in {later.partition for later in after.get(day, ())}
        or mark.begin != _begin(after[day], mark)
        for day in days
        for mark in before.get(day, ())
    )


def _begin(marks: Sequence[Mark], mark: Mark) -> tuple[int, int]:
    return next(later.begin for later in marks if later.partition == mark.partition)
