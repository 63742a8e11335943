"""Days and weeks of the archive of rankings, as in `/popular/2026-11-28` and `/popular/2026-W48`. Pure; weeks are ISO 8601's."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

PeriodKind = Literal["day", "week"]
PERIODS: tuple[PeriodKind, ...] = ("day", "week")
# One century: a day before and a day after is always a date.
_NAME = re.compile(r"(20\d\d)-(?:(\d\d)-(\d\d)|W(\d\d))")


@dataclass(frozen=True, slots=True)
class Period:
    """A day, or a week from Monday to Sunday. `name` is that of its page."""

    kind: PeriodKind
    first: date

    @property
    def last(self) -> date:
        """The last day."""
        return self.first if self.kind == "day" else self.first + timedelta(days=6)

    @property
    def name(self) -> str:
        """As in `2026-11-28` or `2026-W48`."""
        if self.kind == "day":
            return self.first.isoformat()
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def previous(self) -> "Period":
        """The day or week before."""
        return period_with(self.kind, self.first - timedelta(days=1))

    @property
    def next(self) -> "Period":
        """The day or week after."""
        return period_with(self.kind, self.last + timedelta(days=1))

    @property
    def days(self) -> tuple["Period", ...]:
        """Each day of it."""
        count = (self.last - self.first).days + 1
        return tuple(Period("day", self.first + timedelta(days=number)) for number in range(count))


def period_with(kind: PeriodKind, day: date) -> Period:
    """The day, or the week with that day."""
    return Period(kind, day if kind == "day" else day - timedelta(days=day.weekday()))


def read_period(name: str) -> Period | None:
    """The period with this name; None if there is no such day or week."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    year, month, day, week = (int(part or 0) for part in found.groups())
    try:
        return Period("week", date.fromisocalendar(year, week, 1)) if week else Period("day", date(year, month, day))
    except ValueError:
        return None
