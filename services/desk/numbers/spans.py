"""Spans of days in the newsroom's zone: from the address, their hours and days, the span to compare with. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

Grain = Literal["hour", "day"]
Comparison = Literal["before", "week", "year", "none"]
COMPARISONS: Sequence[Comparison] = get_args(Comparison)
# Spans by name: days, and how many days ago the last one is.
PRESETS: Mapping[str, tuple[int, int]] = {
    "today": (1, 0),
    "yesterday": (1, 1),
    "7d": (7, 0),
    "30d": (30, 0),
    "90d": (90, 0),
    # Whole weeks: its bars are weeks.
    "52w": (364, 0),
}
# The API's longest span.
MOST_DAYS = 400
# Longer spans are shown by day.
_HOURS_UNTIL = 2
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9000, 1, 1)
# Whole weeks, so that days of the week meet.
_EARLIER = {"week": 7, "year": 364}


@dataclass(frozen=True)
class DaySpan:
    """Whole days of the newsroom, from `first` to `last`. `preset` is its name in PRESETS, or empty."""

    first: date
    last: date
    preset: str = ""
    comparison: Comparison = "before"

    @property
    def length(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def grain(self) -> Grain:
        """What a row of the span is."""
        return "hour" if self.length <= _HOURS_UNTIL else "day"

    @property
    def before(self) -> "DaySpan | None":
        """The span to compare with; None without one."""
        if self.comparison == "none":
            return None
        earlier = timedelta(days=_EARLIER.get(self.comparison, self.length))
        return DaySpan(self.first - earlier, self.last - earlier)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first moment, and the first one after the span, in UTC."""
        return midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone)

    def places(self, zone: ZoneInfo) -> Sequence[tuple[datetime, datetime]]:
        """The hours or days of the span in order: their starts and ends, in UTC."""
        if self.grain == "hour":
            return hours_between(*self.bounds(zone))
        edges = [midnight(self.first + timedelta(days=number), zone) for number in range(self.length + 1)]
        return list(pairwise(edges))

    def query(self, **changes: str) -> str:
        """The span as parameters of an address, after `changes`: `span`, or `from` and `to`; `compare`."""
        named = {"span": self.preset} if self.preset else {"from": str(self.first), "to": str(self.last)}
        compare = {} if self.comparison == "before" else {"compare": self.comparison}
        given = {**named, **compare, **changes}
        if "span" in changes:
            given = {name: value for name, value in given.items() if name not in ("from", "to")}
        return urlencode(given)


def read_span(query: Mapping[str, str], today: date, usual: str) -> DaySpan | None:
    """The span of an address: `span`, or `from` and `to` with both days included. None when the days make no span."""
    comparison: Comparison = next((name for name in COMPARISONS if name == query.get("compare")), "before")
    if query.get("from") or query.get("to"):
        try:
            first, last = (date.fromisoformat(query.get(name) or str(today)) for name in ("from", "to"))
        except ValueError:
            return None
        span = DaySpan(first, last, comparison=comparison)
        is_span = FIRST_DAY <= first <= last < LAST_DAY and span.length <= MOST_DAYS
        return span if is_span else None
    preset = query["span"] if query.get("span") in PRESETS else usual
    days, ago = PRESETS[preset]
    last = today - timedelta(days=ago)
    return DaySpan(last - timedelta(days=days - 1), last, preset, comparison)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, in UTC. A day may begin after midnight where summer time does."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def hours_between(start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime]]:
    """The hours between two moments in UTC: 23 or 25 of a day on which the clock changes."""
    count = -(-(end - start) // timedelta(hours=1))
    starts = [start + timedelta(hours=number) for number in range(count)]
    return [(one, min(one + timedelta(hours=1), end)) for one in starts]
