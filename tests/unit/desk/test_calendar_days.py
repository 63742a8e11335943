"""The calendar's days and entries, in the newsroom's zone."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.desk.articles.calendar_days import View, by_day, entries_of, read_day, span_of
from services.desk.words import Languages

RIYADH, BERLIN = ZoneInfo("Asia/Riyadh"), ZoneInfo("Europe/Berlin")
SUNDAY, MONDAY = 6, 0
NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)


def an_item(**times: str) -> Mapping[str, object]:
    """An article of ingestion's calendar."""
    return {"id": "a", "headline": "Ferry", "section": "world", "status": "draft", **times}


def test_month_has_whole_weeks() -> None:
    span = span_of("month", date(2026, 2, 8), MONDAY)

    assert (span.first, span.last, len(span.weeks)) == (date(2026, 1, 26), date(2026, 3, 1), 5)
    assert span_of("month", date(2026, 2, 8), SUNDAY).first == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("view", "before", "after"),
    [
        ("month", date(2026, 1, 1), date(2026, 3, 1)),
        ("week", date(2026, 1, 25), date(2026, 2, 8)),
        ("list", date(2026, 1, 4), date(2026, 3, 1)),
    ],
)
def test_steps_lead_to_the_neighbouring_spans(view: View, before: date, after: date) -> None:
    span = span_of(view, date(2026, 2, 1), SUNDAY)

    assert (span.before, span.after) == (before, after)


def test_bounds_are_midnights_of_the_newsroom() -> None:
    start, end = span_of("week", date(2026, 3, 29), MONDAY).bounds(BERLIN)

    assert start == datetime(2026, 3, 22, 23, tzinfo=UTC)
    assert end - start == timedelta(days=7, hours=-1)


def test_entry_stands_at_the_newsrooms_day() -> None:
    bounds = NOON - timedelta(days=1), NOON + timedelta(days=1)
    entries = entries_of([an_item(scheduled_for="2026-02-08T21:30:00Z")], bounds, NOON)

    assert list(by_day(entries, RIYADH)) == [date(2026, 2, 9)]


def test_entries_are_each_time_of_an_article_in_order() -> None:
    bounds = NOON - timedelta(days=2), NOON + timedelta(days=2)
    items = [
        an_item(scheduled_for="2026-02-09T10:00:00Z", embargo_until="2026-02-09T09:00:00Z"),
        an_item(scheduled_for="2026-02-08T11:00:00Z"),
        an_item(published_at="2026-02-08T08:00:00Z", status="published"),
        an_item(published_at="2026-02-08T08:00:00Z", status="withdrawn"),
        an_item(published_at="2025-02-08T08:00:00Z", status="published"),
    ]

    assert [entry.kind for entry in entries_of(items, bounds, NOON)] == ["published", "overdue", "embargo", "scheduled"]


def test_day_of_an_address_is_read_or_refused() -> None:
    today = date(2026, 2, 8)

    assert read_day("", today) == today
    assert read_day("2026-03-01", today) == date(2026, 3, 1)
    assert [read_day(text, today) for text in ("soon", "2026-02-30", "9999-12-31")] == [None, None, None]


@pytest.mark.parametrize(("zone", "first"), [(RIYADH, SUNDAY), (BERLIN, MONDAY), (ZoneInfo("UTC"), MONDAY)])
def test_week_starts_as_in_the_newsrooms_country(zone: ZoneInfo, first: int) -> None:
    for language in ("en", "ar"):
        assert Languages("en", zone).choose(language).first_weekday == first
