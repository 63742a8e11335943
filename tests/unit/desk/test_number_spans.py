"""Spans of numbers, and views by hour and day: addresses, summer time, comparisons, sums."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.desk.numbers.past import PastNumbers, joined
from services.desk.numbers.series import MOST_BARS, Point, by_week, change_of, classes_of, points_of, views_of
from services.desk.numbers.spans import DaySpan, read_span

RIYADH, BERLIN, KATHMANDU = (ZoneInfo(name) for name in ("Asia/Riyadh", "Europe/Berlin", "Asia/Kathmandu"))
TODAY = date(2026, 11, 30)


def span_from(first: date, days: int) -> DaySpan:
    return DaySpan(first, first + timedelta(days=days - 1))


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2026, 11, 1), TODAY),
        ({"span": "yesterday"}, date(2026, 11, 29), date(2026, 11, 29)),
        ({"span": "nonsense"}, date(2026, 11, 1), TODAY),
        ({"from": "2026-10-01", "to": "2026-10-31", "span": "7d"}, date(2026, 10, 1), date(2026, 10, 31)),
        ({"from": "2026-11-20"}, date(2026, 11, 20), TODAY),
    ],
)
def test_address_gives_thespan_from(query: dict[str, str], first: date, last: date) -> None:
    found = read_span(query, TODAY, "30d")

    assert found is not None
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "yesterday"},
        {"from": "2025-01-01", "to": "2026-11-30"},
        {"from": "0001-01-01", "to": "0001-01-02"},
    ],
)
def test_days_that_make_no_span_are_refused(query: dict[str, str]) -> None:
    assert read_span(query, TODAY, "30d") is None


def test_links_keep_what_they_do_not_change() -> None:
    chosen = read_span({"from": "2026-10-01", "to": "2026-10-31", "compare": "year"}, TODAY, "30d")

    assert chosen is not None
    assert chosen.query(day="2026-10-05") == "from=2026-10-01&to=2026-10-31&compare=year&day=2026-10-05"
    assert chosen.query(span="7d") == "compare=year&span=7d"


def test_comparison_is_the_span_before_or_the_same_weekdays() -> None:
    week = DaySpan(date(2026, 11, 9), date(2026, 11, 15))
    year = DaySpan(week.first, week.last, comparison="year").before

    assert week.before == DaySpan(date(2026, 11, 2), date(2026, 11, 8))
    assert year is not None
    assert year.first.weekday() == week.first.weekday()
    assert year.first.year == 2025
    assert DaySpan(week.first, week.last, comparison="none").before is None


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (TODAY, 24)])
def test_a_day_has_the_hours_of_its_clock(day: date, hours: int) -> None:
    places = span_from(day, 1).places(BERLIN)

    assert len(places) == hours
    assert (places[0][0], places[-1][1]) == span_from(day, 1).bounds(BERLIN)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 60), st.sampled_from([RIYADH, BERLIN, KATHMANDU]))
def test_places_follow_each_other_without_a_gap(first: date, days: int, zone: ZoneInfo) -> None:
    places = span_from(first, days).places(zone)

    assert all(before[1] == after[0] for before, after in itertools.pairwise(places))
    assert (places[0][0], places[-1][1]) == span_from(first, days).bounds(zone)


def test_hours_and_days_that_an_answer_leaves_out_have_no_views() -> None:
    hours = points_of(
        [{"key": "2026-11-30T11:00:00.000Z", "views": 7, "referrers": {"search": 3}}], span_from(TODAY, 1), RIYADH
    )
    days = points_of([{"key": "2026-11-29", "views": 5, "visitors": 4}], span_from(date(2026, 11, 28), 3), RIYADH)

    assert [point.views for point in hours] == [*[0] * 14, 7, *[0] * 9]
    assert hours[14].classes == {"search": 3}
    assert [(point.views, point.visitors) for point in days] == [(0, 0), (5, 4), (0, 0)]


def test_running_hour_is_not_compared() -> None:
    today, week_ago = span_from(TODAY, 1), span_from(date(2026, 11, 23), 1)
    points = [Point(start, end, 10) for start, end in today.places(RIYADH)]
    before = [Point(start, end, 5) for start, end in week_ago.places(RIYADH)]

    change = change_of(points, before, datetime(2026, 11, 30, 11, 20, tzinfo=UTC))

    assert (change.views, change.before, change.percent) == (140, 70, 100)
    assert change.until == datetime(2026, 11, 30, 11, tzinfo=UTC)
    assert change_of(points, [], points[-1].end).percent is None


@given(st.integers(1, 400))
def test_long_spans_become_weeks_and_keep_their_sum(days: int) -> None:
    points = [
        Point(start, end, index, 1)
        for index, (start, end) in enumerate(span_from(date(2026, 1, 1), days).places(RIYADH))
    ]

    weeks = by_week(points)

    assert views_of(weeks) == views_of(points)
    assert len(weeks) <= MOST_BARS
    assert (weeks[0].start, weeks[-1].end) == (points[0].start, points[-1].end)


def test_hosts_are_the_detail_of_other_sites() -> None:
    items = [
        {"key": "other:b.example", "views": 2},
        {"key": "search", "views": 3},
        {"key": "other:a.example", "views": 5},
    ]

    assert classes_of(items) == ({"search": 3, "other": 7}, {"a.example": 5, "b.example": 2})
    assert classes_of([*items, {"key": "other", "views": 9}])[0]["other"] == 9


def test_answers_about_the_past_and_today_add_up_to_one() -> None:
    correction = {"id": "a", "views": -1}
    past = {
        "items": [{"key": "2026-11-29", "views": 5, "visitors": 4}, {"key": "search", "views": 3, "visitors": None}],
        "total": {"views": 8, "visitors": 4},
        "adjustments": [correction],
    }
    live = {
        "items": [{"key": "2026-11-30", "views": 2, "visitors": 2}, {"key": "search", "views": 1, "visitors": None}],
        "total": {"views": 3, "visitors": 2},
        "adjustments": [correction],
        "definition": "A view.",
    }

    found = joined(past, live)

    assert found["items"] == [
        {"key": "2026-11-29", "views": 5, "visitors": 4},
        {"key": "search", "views": 4, "visitors": None},
        {"key": "2026-11-30", "views": 2, "visitors": 2},
    ]
    assert (found["total"], found["definition"]) == ({"views": 11, "visitors": 6}, "A view.")
    assert found["adjustments"] == [correction]


def test_answers_about_the_past_are_kept_for_a_while_and_not_after_a_correction() -> None:
    time = [0.0]
    kept = PastNumbers(clock=lambda: time[0])
    for number in range(1000):
        kept.keep({"from": str(number), "by": "day"}, {"number": number})

    assert kept.get({"by": "day", "from": "999"}) == {"number": 999}
    assert kept.get({"by": "day", "from": "0"}) is None
    time[0] = 301.0
    assert kept.get({"by": "day", "from": "999"}) is None
    kept.keep({"by": "day"}, {"number": 1})
    kept.forget()
    assert kept.get({"by": "day"}) is None
