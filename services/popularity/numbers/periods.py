"""Spans of time as numbers are asked for: whole hours and days of the newsroom. Pure functions; minutes since 1970, in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.popularity.model.rules import day_of, hour_start, hours_of, shift_day
from shared.http.problems import field_problem
from shared.times import rfc3339

_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_USUAL_DAYS = 7


@dataclass(frozen=True)
class Period:
    """A span of full local hours: its first minute, and the minute after its last."""

    start: int
    end: int
    zone: ZoneInfo

    def days(self) -> list[str]:
        """The local days that the span touches, in order."""
        return days_between(day_of(self.start, self.zone), day_of(self.end - 1, self.zone))

    def hours(self, day: str) -> list[int]:
        """The starts of the day's hours that lie in the span."""
        return [start for start in hours_of(day, self.zone) if self.start <= start < self.end]

    def has_begun(self, day: str, now: int) -> bool:
        """Whether the span has an hour of the day that has begun."""
        first = max(self.start, day_start(day, self.zone))
        return first <= now and first < min(self.end, day_start(next_day(day), self.zone))

    def covers(self, day: str, now: int) -> bool:
        """Whether the span has the whole day, or all of it up to now."""
        began, ended = day_start(day, self.zone), day_start(next_day(day), self.zone)
        return self.start <= began and self.end >= min(ended, max(now, began + 1))


def read_period(given: tuple[str | None, str | None], now: int, zone: ZoneInfo, *, most_days: int) -> Period:
    """The period of `?from=` and `?to=`, widened to full hours; 422 for a wrong one. Without them, the last seven days."""
    since, until = given
    today = day_of(now, zone)
    end = _read(until, "to", zone, is_end=True) if until else day_start(next_day(today), zone)
    usual = day_start(shift_day(day_of(end - 1, zone), 1 - _USUAL_DAYS), zone)
    start = _read(since, "from", zone, is_end=False) if since else usual
    if start >= end:
        raise field_problem("?from", "from lies before to.")
    floor = hour_start(end - 1, zone)
    # A local hour can have 30 minutes where the clocks change by half an hour.
    last = next((begin for begin in hours_of(day_of(floor, zone), zone) if begin > floor), None)
    ceiling = day_start(next_day(day_of(floor, zone)), zone) if last is None else last
    period = Period(hour_start(start, zone), ceiling, zone)
    if period.end - period.start > (most_days + 1) * 24 * 60:
        raise field_problem("?from", f"from and to are at most {most_days} days apart.")
    return period


def _read(text: str, name: str, zone: ZoneInfo, *, is_end: bool) -> int:
    try:
        if len(text) == len("2026-11-28"):
            given = date.fromisoformat(text).isoformat()
            check_year(int(given[:4]))
            return day_start(next_day(given) if is_end else given, zone)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        check_year(moment.year)
        seconds = moment.timestamp()
        return int(-(-seconds // 60)) if is_end else int(seconds // 60)
    except (ValueError, OverflowError) as error:
        raise field_problem(
            f"?{name}", f"{name} is a day such as 2026-11-28, or a time of RFC 3339 such as 2026-11-28T09:00:00Z."
        ) from error


def check_year(year: int) -> None:
    """Raise ValueError for a year that can have no numbers."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError("a year without numbers")


@lru_cache(4096)
def day_start(day: str, zone: ZoneInfo) -> int:
    """The minute at which a local day begins. A day that the zone skipped begins with the next one."""
    # Where clocks skip midnight, Python takes the time before the change, which is the moment of the change.
    return int(datetime.combine(date.fromisoformat(day), time(), zone).timestamp()) // 60


def next_day(day: str) -> str:
    """The day after."""
    return shift_day(day, 1)


def days_between(first: str, last: str) -> list[str]:
    """All days from the first to the last."""
    count = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    return [shift_day(first, step) for step in range(count)]


def moment_of(minute: int) -> datetime:
    """The instant of a minute."""
    return datetime.fromtimestamp(minute * 60, UTC)


def text_of(minute: int) -> str:
    """The instant of a minute as RFC 3339."""
    return rfc3339(moment_of(minute))


def days_of_week(week: str) -> list[str]:
    """The days of a week of ISO 8601, such as `2026-W48`. Raises ValueError for any other text."""
    if not re.fullmatch(r"[0-9]{4}-W[0-9]{2}", week):
        raise ValueError("It is not a week such as 2026-W48.")
    check_year(int(week[:4]))
    monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1).isoformat()
    return days_between(monday, shift_day(monday, 6))
