"""HTTP in: the desk's counts, suggestions, calendar and first page. All from the rows in memory (`list_table.py`)."""

from datetime import datetime, timedelta
from typing import get_args

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from services.ingestion.articles.desk_contract import (
    CalendarAnswer,
    CalendarItem,
    CountsAnswer,
    NewsroomAnswer,
    OverdueItem,
    PublishedItem,
    PublishedList,
    TermList,
)
from services.ingestion.articles.fields import Time
from services.ingestion.articles.list_table import ListRow, ListTable, Terms
from services.ingestion.articles.requests import ARTICLES, read_search, read_section
from services.ingestion.articles.rules import Status
from services.ingestion.articles.schedule_rules import OVERDUE_AFTER
from services.ingestion.people.access import authorize
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_limit, refuse_unknown
from shared.times import now

USUAL_PUBLISHED = 5
USUAL_TERMS = 20
MOST_TERMS = 1000
MOST_CALENDAR_ITEMS = 2000
MOST_OVERDUE_ITEMS = 20
LONGEST_CALENDAR = timedelta(days=100)
_TIME: TypeAdapter[datetime] = TypeAdapter(Time)


async def count_articles(request: web.Request) -> web.Response:
    """Count articles by status, and those that wait for something."""
    table = await _table(request)
    numbers = {status: table.count("status", status) for status in get_args(Status)}
    flags = {name: table.count(name) for name in ("changed", "scheduled", "submitted")}
    answer = CountsAnswer(all=len(table), **numbers, **flags, overdue=table.overdue(now() - OVERDUE_AFTER))
    return json_response(answer.model_dump_json().encode())


async def list_terms(request: web.Request) -> web.Response:
    """Suggest tags or bylines in use."""
    table = await _table(request, "kind", "q", "section", "limit")
    kind, section = request.query.get("kind", ""), read_section(request)
    if kind not in get_args(Terms):
        raise field_problem("?kind", f"kind is one of: {', '.join(get_args(Terms))}.")
    known: Terms = "tags" if kind == "tags" else "bylines"
    beginning = " ".join(read_search(request.query.get("q", "")))
    most = read_limit(request.query, usual=USUAL_TERMS, largest=MOST_TERMS)
    answer = TermList(items=table.terms(known, beginning, section, most))
    return json_response(answer.model_dump_json().encode())


async def show_calendar(request: web.Request) -> web.Response:
    """Articles with a time within a range."""
    table = await _table(request, "from", "to")
    start, end = _read_time(request, "from"), _read_time(request, "to")
    if not start < end <= start + LONGEST_CALENDAR:
        raise field_problem("?to", f"to lies after from, by at most {LONGEST_CALENDAR.days} days.")
    rows = table.between(start, end)
    items = [_item(row) for row in rows[:MOST_CALENDAR_ITEMS]]
    answer = CalendarAnswer(items=items, is_cut=len(rows) > MOST_CALENDAR_ITEMS)
    return json_response(answer.model_dump_json().encode())


async def show_newsroom(request: web.Request) -> web.Response:
    """The state of schedules and of the outbox. For the desk: the edge does not route this path."""
    table = await _table(request)
    store, late = request.app[ARTICLES], now() - OVERDUE_AFTER
    entries = await store.schedule.overdue(late)
    headlines = {row.article_id: row.headline for row in table.scheduled_rows()}
    items = [
        OverdueItem(
            id=entry.article_id,
            headline=headlines.get(entry.article_id, ""),
            scheduled_for=entry.scheduled_for,
            reason=entry.reason,
        )
        for entry in entries[:MOST_OVERDUE_ITEMS]
    ]
    answer = NewsroomAnswer.model_validate(
        {
            "overdue": len(entries),
            "overdue_items": items,
            "scheduled_next": table.next_scheduled(),
            "submitted": table.count("submitted"),
            **await store.outbox.facts(),
        }
    )
    return json_response(answer.model_dump_json().encode())


async def list_published(request: web.Request) -> web.Response:
    """The articles that were published last. For the desk: the edge does not route this path."""
    await authorize(request, "read")
    refuse_unknown(request.query, ("limit",))
    most = read_limit(request.query, usual=USUAL_PUBLISHED)
    found = await request.app[ARTICLES].lists.published(most)
    answer = PublishedList(items=[PublishedItem.of(article) for article in found])
    return json_response(answer.model_dump_json().encode())


async def _table(request: web.Request, *known: str) -> ListTable:
    await authorize(request, "read")
    refuse_unknown(request.query, known)
    await request.app[ARTICLES].lists.refresh()
    return request.app[ARTICLES].lists.table


def _read_time(request: web.Request, name: str) -> datetime:
    try:
        return _TIME.validate_python(request.query.get(name, ""))
    except ValidationError as error:
        raise field_problem(f"?{name}", f"{name} is a time of RFC 3339, such as 2026-02-08T07:30:00Z.") from error


def _item(row: ListRow) -> CalendarItem:
    return CalendarItem.model_validate(
        {
            "id": row.article_id,
            "headline": row.headline,
            "section": row.section,
            "status": row.status,
            "scheduled_for": row.scheduled_for,
            "published_at": row.published_at,
            "embargo_until": row.embargo_until,
        }
    )


ROUTES = [
    web.get("/v1/articles/counts", count_articles),
    web.get("/v1/articles/terms", list_terms),
    web.get("/v1/articles/calendar", show_calendar),
    web.get("/internal/newsroom", show_newsroom),
    web.get("/internal/published", list_published),
]
