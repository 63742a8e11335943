"""The numbers of one article: a day by hour, a span of days, sources, corrections. Admins correct its views here."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web

from services.desk.api import Json
from services.desk.articles.copy import facts_of
from services.desk.forms import Form, read_form, refused
from services.desk.keys import PAST_NUMBERS, POPULARITY
from services.desk.numbers.adjustments import wanted_adjustment
from services.desk.numbers.paths import ARTICLE, PATH
from services.desk.numbers.reading import API, Scope, read_span, read_totals
from services.desk.numbers.referrers import referrers_of
from services.desk.numbers.series import whole
from services.desk.numbers.spans import COMPARISONS, FIRST_DAY, PRESETS, DaySpan
from services.desk.numbers.view import NumbersVisit
from services.desk.people.admins import admins_only
from services.desk.visit import VISIT, call, items_of, page, see_other
from shared.errors import Problem

_USUAL = "30d"
_WINDOWS = ("1h", "24h", "7d", "30d", "all")
# Windows whose visitors are known.
_VISITORS = ("24h", "7d", "30d")


@dataclass(frozen=True)
class WindowTotal:
    """Views of an article in a window, and its visitors where they are known."""

    window: str
    views: int
    visitors: int | None


async def show_article(request: web.Request) -> web.Response:
    """The article's page; 404 for an article that ingestion does not know."""
    return await _show(request, Form())


@admins_only
async def adjust(request: web.Request) -> web.Response:
    """Correct the article's views, once for each key; the form comes back when a field is wrong."""
    visit, values, article_id = NumbersVisit(request), await read_form(request), request.match_info["id"]
    body, form = wanted_adjustment(values, article_id, visit.words, visit.zone, visit.at)
    if form.errors:
        return await _show(request, form, status=422)
    try:
        await call(request, POPULARITY, "POST", f"{API}/adjustments", json=body, key=values.get("key", ""))
    except Problem as problem:
        return await _show(request, _renamed(refused(values, problem)), status=problem.status)
    request.app[PAST_NUMBERS].forget()
    return see_other(f"{PATH}/articles/{article_id}?adjusted=1")


async def _show(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    article_id = request.match_info["id"]
    visit = NumbersVisit(request, Scope("article_id", article_id))
    span, day = visit.span(_USUAL), _day(visit)
    title = visit.words.text("numbers.hours_of", day=visit.words.day(day.first))
    article, totals, referrers, hours, days = await asyncio.gather(
        request[VISIT].get(f"/v1/articles/{article_id}"),
        read_totals(request, article_id),
        read_span(request, visit.scope, span, "referrer"),
        visit.figure("day", title, day),
        visit.figure("span", visit.days(span), span),
    )
    return page(
        request, "numbers/article.html", status=status, visit=visit, scope=visit.scope, form=form, span=span, day=day,
        article=facts_of(article.json), totals=totals_of(totals), hours=hours, figure=days, presets=PRESETS,
        referrers=None if referrers is None else referrers_of(items_of(referrers), visit.words),
        comparisons=COMPARISONS, numbers_path=PATH, is_adjusted="adjusted" in request.query,
        earlier=day.first - timedelta(days=1), later=day.first + timedelta(days=1) if day.first < visit.today else None,
    )  # fmt: skip


def totals_of(found: Json | None) -> list[WindowTotal]:
    """Views and visitors by window; nothing when popularity did not answer or has none."""
    views, visitors = ((found or {}).get(name) for name in ("views", "visitors"))
    if not isinstance(views, dict):
        return []
    known = visitors if isinstance(visitors, dict) else {}
    return [
        WindowTotal(window, whole(views, window), whole(known, window) if window in _VISITORS and window in known else None)
        for window in _WINDOWS
    ]  # fmt: skip


def _day(visit: NumbersVisit) -> DaySpan:
    """The day of the address, today without one, compared with the same day a week before."""
    try:
        day = date.fromisoformat(visit.request.query.get("day") or str(visit.today))
    except ValueError as error:
        raise Problem(400, visit.words.text("numbers.no_span")) from error
    day = min(max(day, FIRST_DAY), visit.today)
    return DaySpan(day, day, comparison="week")


def _renamed(form: Form) -> Form:
    """Popularity's errors by the names of the form's fields."""
    errors = {"hour" if name == "window_start" else name: text for name, text in form.errors.items()}
    return Form(form.values, errors, form.detail, form.is_english)


ROUTES = [web.get(ARTICLE, show_article), web.post(f"{ARTICLE}/adjust", adjust)]
