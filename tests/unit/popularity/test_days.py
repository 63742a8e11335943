"""Days and hours of the newsroom's time zone, with the changes of its clocks."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.popularity.model.rules import day_of, hour_start, hours_of
from services.popularity.numbers.periods import Period, day_start, read_period

# Whole hours, half and quarter hours, a change by half an hour, at midnight, and one minute after it.
NAMES = ["UTC", "Asia/Riyadh", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
         "Asia/Beirut", "America/St_Johns", "America/Havana", "Pacific/Apia", "Pacific/Chatham"]  # fmt: skip
zones = st.sampled_from([ZoneInfo(name) for name in NAMES])
minutes = st.integers(int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) // 60, 2**25)


def _minute(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) // 60


@given(minute=minutes, zone=zones)
def test_hour_holds_its_minute_and_belongs_to_its_day(minute: int, zone: ZoneInfo) -> None:
    start = hour_start(minute, zone)

    local, first = (datetime.fromtimestamp(found * 60, zone) for found in (minute, start))
    assert 0 <= minute - start < 60
    assert (local.date(), local.hour, local.utcoffset()) == (first.date(), first.hour, first.utcoffset())
    assert hour_start(start, zone) == start
    assert start in hours_of(day_of(minute, zone), zone)


@given(day=st.dates(date(2000, 1, 2), date(2035, 12, 30)), zone=zones)
def test_hours_of_a_day_are_all_its_minutes_once(day: date, zone: ZoneInfo) -> None:
    starts = hours_of(day.isoformat(), zone)
    days = [(day + timedelta(days=step)).isoformat() for step in (-1, 0, 1)]
    around = sorted(start for name in days for start in hours_of(name, zone))

    assert starts == sorted(set(starts))
    assert all(hour_start(start, zone) == start for start in starts)
    assert all(0 < later - earlier <= 60 for earlier, later in pairwise(around))
    assert len(around) == len(set(around))


@given(day=st.dates(date(2000, 1, 2), date(2035, 12, 30)), zone=zones)
@example(date(2011, 12, 30), ZoneInfo("Pacific/Apia"))  # skipped
@example(date(2026, 3, 29), ZoneInfo("Asia/Beirut"))  # begins at 01:00
@example(date(2010, 3, 28), ZoneInfo("America/Scoresbysund"))  # the clocks went on from midnight
@example(date(2006, 4, 2), ZoneInfo("America/St_Johns"))
@example(date(2026, 11, 1), ZoneInfo("America/Havana"))  # has midnight twice
def test_day_begins_with_its_first_hour_and_a_span_begins_with_its_days(day: date, zone: ZoneInfo) -> None:
    name, after = day.isoformat(), (day + timedelta(days=1)).isoformat()
    start = day_start(name, zone)

    assert start == (hours_of(name, zone) or hours_of(after, zone))[0]
    for shift, length in ((0, 1), (3, 4), (-20, 30)):
        first = hour_start(start + shift * 60, zone)
        period = Period(first, first + length * 60, zone)
        for now in (start - 1, start, start + 600):
            assert period.has_begun(name, now) == any(hour <= now for hour in period.hours(name))


def test_two_years_of_days_cost_milliseconds() -> None:
    began = process_time()
    period = read_period(("2024-10-01", "2026-11-28"), 29_800_000, ZoneInfo("Asia/Riyadh"), most_days=800)
    days = [day for day in period.days() if period.has_begun(day, period.end) and period.covers(day, period.end)]

    assert len(days) == 789
    assert process_time() - began < 0.2


@pytest.mark.parametrize(
    ("zone", "day", "hours", "first"),
    [
        ("Asia/Riyadh", "2026-11-28", 24, "2026-11-27T21:00Z"),
        ("Europe/Berlin", "2026-03-29", 23, "2026-03-28T23:00Z"),
        ("Europe/Berlin", "2026-10-25", 25, "2026-10-24T22:00Z"),
        ("Asia/Kathmandu", "2026-11-28", 24, "2026-11-27T18:15Z"),
        ("Asia/Beirut", "2026-03-29", 23, "2026-03-28T22:00Z"),  # begins at 01:00
        ("Australia/Lord_Howe", "2026-04-05", 25, "2026-04-04T13:00Z"),  # 24.5 hours, two of them halves
    ],
)
def test_day_has_the_hours_of_its_zone(zone: str, day: str, hours: int, first: str) -> None:
    starts = hours_of(day, ZoneInfo(zone))

    assert (len(starts), starts[0]) == (hours, _minute(first))


def test_skipped_day_has_no_hours() -> None:
    assert hours_of("2011-12-30", ZoneInfo("Pacific/Apia")) == []
