"""How the numbers of a day are put together: pieces of the log, sums by hour and class. Pure functions.

A *piece* is a part of a day's counts in one partition of views.v1: all views of the day from one position of the log to
another. Its parts in Redis are live; drop_day.lua deletes them after they were stored.

A Redis that came back from an older copy counts some views again, into a new piece that begins where the old one began, or
before its end. So of two pieces of a partition the one that was counted later replaces the other if that one ends after its
beginning. Positions are pairs (epoch, offset): the epoch grows with each log that the partition adopts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from shared.errors import WorldMonitorError
from shared.events import REFERRERS

# The letters of classes in Redis and MongoDB; `a` counts adjustments.
CLASSES: Mapping[str, str] = {
    **dict(zip("soixn", ("search", "social", "site", "other", "none"), strict=True)),
    "a": "adjusted",
}
if set(CLASSES.values()) != {*REFERRERS, "adjusted"}:
    raise WorldMonitorError("a referrer's class has no letter")

Hours = Mapping[int, Mapping[str, int]]
Position = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """Where the live counts of a day in one partition begin and end in the log."""

    partition: int
    begin: Position
    end: Position
    text: str
    """The mark as Redis has it; it changes with each change of the day's counts."""


def read_mark(partition: int, text: str) -> Mark:
    """A mark from its text, `epoch:offset:epoch:offset` of its beginning and its end. Raises ValueError."""
    first_epoch, first, last_epoch, last = (int(part) for part in text.split(":"))
    return Mark(partition, (first_epoch, first), (last_epoch, last), text)


@dataclass(frozen=True)
class Piece:
    """A stored part of a day's counts. `hours` by start and class; `sketch` is Redis' HyperLogLog of its visitors.

    `counts`: views by other names: hosts of other sites (of the whole site), reasons (of dropped views).
    """

    partition: int
    begin: Position
    end: Position
    hours: Hours
    sketch: bytes = b""
    counts: Mapping[str, int] = field(default_factory=dict)


class Part(Protocol):
    """A part of a day in one partition, between two positions."""

    @property
    def partition(self) -> int:
        """The partition of views.v1."""

    @property
    def begin(self) -> Position:
        """The position of its first view."""

    @property
    def end(self) -> Position:
        """The position after its last view."""


AnyPart = TypeVar("AnyPart", bound=Part)


def replace(stored: Iterable[AnyPart], new: AnyPart) -> list[AnyPart]:
    """The stored pieces with a new one, without those that it contains."""
    return [*standing(stored, [new]), new]


def standing(stored: Iterable[AnyPart], later: Iterable[Part]) -> list[AnyPart]:
    """The stored pieces that none of the later pieces, or of the live parts, contains."""
    begins = {piece.partition: piece.begin for piece in later}
    return [piece for piece in stored if piece.partition not in begins or piece.end <= begins[piece.partition]]


def add_hours(parts: Iterable[Hours]) -> dict[int, dict[str, int]]:
    """The sums by hour and class."""
    sums: dict[int, dict[str, int]] = {}
    for hours in parts:
        for start, classes in hours.items():
            kept = sums.setdefault(start, {})
            for letter, views in classes.items():
                kept[letter] = kept.get(letter, 0) + views
    return sums


def add_counts(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums by name."""
    sums: dict[str, int] = {}
    for counts in parts:
        for name, views in counts.items():
            sums[name] = sums.get(name, 0) + views
    return sums


def by_class(hours: Hours, starts: Iterable[int] | None = None) -> dict[str, int]:
    """The views of these hours by the letter of their class; of all hours without `starts`."""
    return add_counts(hours.values() if starts is None else (hours.get(start, {}) for start in starts))


def named(classes: Mapping[str, int]) -> dict[str, int]:
    """Views by the name of the class, with each class."""
    return {name: classes.get(letter, 0) for letter, name in CLASSES.items()}


@dataclass(frozen=True)
class RankedLine:
    """An article, its views, and the sum of its daily visitors."""

    article: str
    views: int
    visitors: int


def add_lines(parts: Iterable[Iterable[RankedLine]]) -> dict[str, RankedLine]:
    """The sums of several days by article."""
    sums: dict[str, RankedLine] = {}
    for lines in parts:
        for line in lines:
            known = sums.get(line.article)
            visitors = line.visitors + (known.visitors if known else 0)
            sums[line.article] = line if known is None else RankedLine(line.article, known.views + line.views, visitors)
    return sums


def join_lines(parts: Iterable[Iterable[RankedLine]]) -> list[RankedLine]:
    """The lines of one day's parts. A later part of an article has the visitors of the earlier ones too."""
    sums: dict[str, RankedLine] = {}
    for lines in parts:
        for line in lines:
            known = sums.get(line.article, RankedLine(line.article, 0, 0))
            visitors = max(known.visitors, line.visitors)
            sums[line.article] = RankedLine(line.article, known.views + line.views, visitors)
    return list(sums.values())


@dataclass(frozen=True)
class DayNumbers:
    """The numbers of one day. `hours` is empty when only the sums were read."""

    views: int = 0
    visitors: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    hours: Hours = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def day_numbers(hours: Hours, visitors: int, counts: Mapping[str, int] | None = None) -> DayNumbers:
    """A day's numbers from its hours."""
    classes = by_class(hours)
    return DayNumbers(sum(classes.values()), visitors, classes, hours, counts or {})
