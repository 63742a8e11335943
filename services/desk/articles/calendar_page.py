"""The calendar: scheduled, embargoed and published articles, and drafts that wait for a time."""

import asyncio

from aiohttp import web

from services.desk.articles.calendar_days import VIEWS, Span, View, by_day, entries_of, read_day, span_of
from services.desk.articles.copy import facts_of
from services.desk.keys import SITE
from services.desk.visit import VISIT, Visit, items_of, page
from shared.errors import Problem
from shared.times import now, rfc3339

PATH = "/desk/calendar"
# More drafts are in the list.
_TRAY = 30
# A month's cell shows so many; its week shows all.
_MOST_IN_CELL = 5


async def show_calendar(request: web.Request) -> web.Response:
    """A month, a week, or four weeks as a list."""
    visit, zone, moment = request[VISIT], request.app[SITE].zone, now()
    today = moment.astimezone(zone).date()
    day = read_day(request.query.get("date", ""), today)
    if day is None:
        raise Problem(404, visit.words.text("calendar.no_day"))
    span = span_of(_view(request), day, visit.words.first_weekday)
    bounds = span.bounds(zone)
    found, drafts = await asyncio.gather(
        visit.get("/v1/articles/calendar", from_=rfc3339(bounds[0]), to=rfc3339(bounds[1])),
        visit.get("/v1/articles", status="draft", scheduled="false", limit=str(_TRAY)),
    )
    return page(
        request,
        "articles/calendar.html",
        span=span,
        views=VIEWS,
        title=_title(visit, span),
        days=by_day(entries_of(items_of(found.json), bounds, moment), zone),
        today=today,
        is_cut=bool(found.json.get("is_cut")),
        most=_MOST_IN_CELL if span.view == "month" else 10_000,
        drafts=[article for article in map(facts_of, items_of(drafts.json)) if article.scheduled_for is None],
        calendar_path=PATH,
    )


def _view(request: web.Request) -> View:
    asked = request.query.get("view", "")
    return next((view for view in VIEWS if view == asked), "month")


def _title(visit: Visit, span: Span) -> str:
    if span.view == "month":
        return visit.words.month(span.day)
    return visit.words.text(
        "calendar.span", first=visit.words.short_day(span.first), last=visit.words.short_day(span.last)
    )


ROUTES = [web.get(PATH, show_calendar)]
