"""Local times of the newsroom, with the gaps and overlaps of summer time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.zone_times import first_after_gap, instants, local_text, offset_text

ZONES = (
    "Asia/Riyadh",
    "Europe/Berlin",
    "America/New_York",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "zone", "found"),
    [
        ("2026-12-01T09:00", "Asia/Riyadh", [utc(2026, 12, 1, 6)]),
        ("2026-12-01T09:00:30", "Asia/Riyadh", [utc(2026, 12, 1, 6, 0, 30)]),
        ("2026-07-01T09:00", "Europe/Berlin", [utc(2026, 7, 1, 7)]),
        ("2026-03-29T02:00", "Europe/Berlin", []),
        ("2026-03-29T02:59", "Europe/Berlin", []),
        ("2026-03-29T03:00", "Europe/Berlin", [utc(2026, 3, 29, 1)]),
        ("2026-03-29T01:59", "Europe/Berlin", [utc(2026, 3, 29, 0, 59)]),
        ("2026-10-25T02:30", "Europe/Berlin", [utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)]),
        ("2026-10-25T03:00", "Europe/Berlin", [utc(2026, 10, 25, 2)]),
        ("2026-03-08T02:30", "America/New_York", []),
        ("2026-11-01T01:30", "America/New_York", [utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30)]),
        ("2026-04-24T00:30", "Africa/Cairo", []),
        # Half an hour of summer time.
        ("2026-10-04T02:15", "Australia/Lord_Howe", []),
        ("2026-04-05T01:45", "Australia/Lord_Howe", [utc(2026, 4, 4, 14, 45), utc(2026, 4, 4, 15, 15)]),
        # A whole day that Samoa skipped.
        ("2011-12-30T12:00", "Pacific/Apia", []),
    ],
)
def test_local_time_means_none_one_or_two_instants(text: str, zone: str, found: list[datetime]) -> None:
    assert list(instants(text, ZoneInfo(zone))) == found


@given(st.sampled_from(ZONES), st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 1, 1)))
def test_every_instant_is_found_again_from_its_local_text(zone: str, moment: datetime) -> None:
    instant = moment.replace(second=0, microsecond=0, tzinfo=UTC)

    found = instants(local_text(instant, ZoneInfo(zone)), ZoneInfo(zone))

    assert instant in found
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("text", "zone", "first"),
    [
        ("2026-03-29T02:00", "Europe/Berlin", utc(2026, 3, 29, 1)),
        ("2026-03-29T02:59", "Europe/Berlin", utc(2026, 3, 29, 1)),
        ("2026-03-08T02:30", "America/New_York", utc(2026, 3, 8, 7)),
        ("2026-10-04T02:15", "Australia/Lord_Howe", utc(2026, 10, 3, 15, 30)),
        ("2011-12-30T12:00", "Pacific/Apia", utc(2011, 12, 30, 10)),
        ("2026-10-25T02:30", "Europe/Berlin", utc(2026, 10, 25, 0, 30)),
        ("2026-12-01T09:00", "Asia/Riyadh", utc(2026, 12, 1, 6)),
    ],
)
def test_first_instant_after_a_gap(text: str, zone: str, first: datetime) -> None:
    assert first_after_gap(text, ZoneInfo(zone)) == first


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Riyadh", "UTC+03:00"),
        ("America/New_York", "UTC-05:00"),
        ("Asia/Kathmandu", "UTC+05:45"),
        ("UTC", "UTC+00:00"),
    ],
)
def test_offset_is_named(zone: str, text: str) -> None:
    assert offset_text(utc(2026, 12, 1), ZoneInfo(zone)) == text


@pytest.mark.parametrize(
    "text", ["", "2026-12-01", "09:00", "2026-12-01T25:00", "2026-02-30T09:00", "2026-12-01T09:00Z", "tomorrow"]
)
def test_text_that_is_no_local_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a local time"):
        instants(text, ZoneInfo("UTC"))
    with pytest.raises(ValueError, match="not a local time"):
        first_after_gap(text, ZoneInfo("UTC"))
