"""Times typed in the newsroom's zone: gaps and overlaps of summer time, empty and past ones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.desk.articles.act_times import read_time

BERLIN = ZoneInfo("Europe/Berlin")
JANUARY = datetime(2026, 1, 10, tzinfo=UTC)


def test_time_is_read_in_the_newsrooms_zone() -> None:
    assert read_time("2026-02-08T14:05", "", BERLIN, JANUARY).moment == datetime(2026, 2, 8, 13, 5, tzinfo=UTC)


def test_time_in_a_gap_offers_the_nearest_ones() -> None:
    typed = read_time("2026-03-29T02:30", "", BERLIN, JANUARY)

    assert (typed.error, typed.moment) == ("gap", None)
    assert [one.astimezone(BERLIN).strftime("%H:%M") for one in typed.offered] == ["01:59", "03:00"]


def test_time_in_an_overlap_asks_which_one() -> None:
    typed = read_time("2026-10-25T02:30", "", BERLIN, JANUARY)

    assert (typed.error, typed.moment) == ("ambiguous", None)
    assert [one.hour for one in typed.offered] == [0, 1]


@pytest.mark.parametrize(("reading", "hour"), [("earlier", 0), ("later", 1)])
def test_chosen_reading_of_an_overlap_is_taken(reading: str, hour: int) -> None:
    typed = read_time("2026-10-25T02:30", reading, BERLIN, JANUARY)

    assert (typed.error, typed.moment) == ("", datetime(2026, 10, 25, hour, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "error"),
    [("", "empty"), ("tomorrow", "unreadable"), ("9999-12-31T23:59", "unreadable"), ("2026-01-09T10:00", "past")],
)
def test_wrong_time_is_named(text: str, error: str) -> None:
    assert read_time(text, "", ZoneInfo("America/New_York"), JANUARY).error == error
