"""Days and entries of the calendar, in the newsroom's zone. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from services.desk.articles.states import OVERDUE_AFTER
from services.desk.visit import moment_of

View = Literal["month", "week", "list"]
EntryKind = Literal["scheduled", "overdue", "embargo", "published"]
VIEWS: Sequence[View] = get_args(View)
_WEEK = 7
_LIST_DAYS = 28
# The calendar of Python ends in the year 9999, and months before 1970 hold no articles.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)


@dataclass(frozen=True)
class Span:
    """The days that a view shows: whole weeks for a month. `day` is the day that was asked for."""

    view: View
    day: date
    first: date
    length: int

    @property
    def days(self) -> Sequence[date]:
        """All days, in order."""
        return [self.first + timedelta(days=number) for number in range(self.length)]

    @property
    def weeks(self) -> Sequence[Sequence[date]]:
        """The days by week."""
        return [self.days[start : start + _WEEK] for start in range(0, self.length, _WEEK)]

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=self.length - 1)

    @property
    def before(self) -> date:
        """A day of the span before this one."""
        if self.view == "month":
            return (self.day.replace(day=1) - timedelta(days=1)).replace(day=1)
        return self.first - timedelta(days=self.length)

    @property
    def after(self) -> date:
        """A day of the span after this one."""
        if self.view == "month":
            return (self.day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return self.first + timedelta(days=self.length)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first moment, and the first one after the span, in UTC."""
        start, end = (
            datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
            for day in (self.first, self.first + timedelta(days=self.length))
        )
        return start, end


@dataclass(frozen=True)
class Entry:
    """An article at one of its times."""

    id: str
    headline: str
    section: str
    kind: EntryKind
    at: datetime


def span_of(view: View, day: date, first_weekday: int) -> Span:
    """The span of a view around a day. `first_weekday`: 0 is Monday."""
    if view == "list":
        return Span(view, day, day, _LIST_DAYS)
    start = day if view == "week" else day.replace(day=1)
    first = start - timedelta(days=(start.weekday() - first_weekday) % _WEEK)
    if view == "week":
        return Span(view, day, first, _WEEK)
    next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    weeks = -(-(next_month - first).days // _WEEK)
    return Span(view, day, first, weeks * _WEEK)


def read_day(text: str, today: date) -> date | None:
    """The day of an address; today without one. None for a text that is no day."""
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day < LAST_DAY else None


def entries_of(
    items: Iterable[Mapping[str, object]], bounds: tuple[datetime, datetime], now: datetime
) -> Sequence[Entry]:
    """The entries of a calendar answer within the bounds, by time. An article may have several."""
    found = [entry for item in items for entry in _entries(item, now) if bounds[0] <= entry.at < bounds[1]]
    return sorted(found, key=lambda entry: (entry.at, entry.headline, entry.id))


def _entries(item: Mapping[str, object], now: datetime) -> Iterable[Entry]:
    scheduled, embargo, published = (
        moment_of(item.get(name)) for name in ("scheduled_for", "embargo_until", "published_at")
    )
    times: list[tuple[EntryKind, datetime | None]] = [("embargo", embargo), ("published", published)]
    if scheduled is not None:
        times.append(("overdue" if now - scheduled > OVERDUE_AFTER else "scheduled", scheduled))
    for kind, moment in times:
        if moment is not None and not (kind == "published" and item.get("status") == "withdrawn"):
            yield Entry(str(item["id"]), str(item["headline"]), str(item["section"]), kind, moment)


def by_day(entries: Iterable[Entry], zone: ZoneInfo) -> Mapping[date, Sequence[Entry]]:
    """The entries of each day in the newsroom's zone."""
    days: defaultdict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        days[entry.at.astimezone(zone).date()].append(entry)
    return days
