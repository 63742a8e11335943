"""The numbers of the site, of a section, of a tag: who reads now, today, a span of days, its articles and its sources."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from services.desk.api import Json
from services.desk.keys import SITE
from services.desk.numbers.adjustments import adjustments_of
from services.desk.numbers.drops import drops_of
from services.desk.numbers.figures import shares_of
from services.desk.numbers.live import live_of
from services.desk.numbers.paths import PATH, SECTION, TAG, WALL
from services.desk.numbers.reading import Scope, params_of, read_part, read_span
from services.desk.numbers.referrers import referrers_of
from services.desk.numbers.spans import COMPARISONS, PRESETS, DaySpan
from services.desk.numbers.view import NumbersVisit
from services.desk.visit import items_of, page
from shared.errors import Problem

_USUAL = "30d"
_MOST_ARTICLES = 20


async def show_site(request: web.Request) -> web.Response:
    """The whole site."""
    return await _show(NumbersVisit(request))


async def show_section(request: web.Request) -> web.Response:
    """One section; 404 for one that the site does not have."""
    slug = request.match_info["slug"]
    visit = NumbersVisit(request, Scope("section", slug))
    if request.app[SITE].section(slug) is None:
        raise Problem(404, visit.words.text("problem.nothing_here"))
    return await _show(visit)


async def show_tag(request: web.Request) -> web.Response:
    """One tag."""
    return await _show(NumbersVisit(request, Scope("tag", request.match_info["tag"])))


def today_of(visit: NumbersVisit) -> DaySpan:
    """Today, compared with the same hours a week ago."""
    return DaySpan(visit.today, visit.today, "today", "week")


async def _show(visit: NumbersVisit) -> web.Response:
    request, words, span = visit.request, visit.words, visit.span(_USUAL)
    is_site = not visit.scope.name
    (today, figure), (live, articles, sections, referrers, drops, adjustments) = await asyncio.gather(
        asyncio.gather(
            visit.figure("today", words.text("numbers.today"), today_of(visit)),
            visit.figure("span", visit.days(span), span),
        ),
        asyncio.gather(
            _if(visit.scope.name != "tag", visit, "/now"),
            read_span(request, visit.scope, span, "article"),
            read_span(request, visit.scope, span if is_site else None, "section"),
            read_span(request, visit.scope, span, "referrer"),
            _if(is_site, visit, "/drops", params_of(request, span)),
            _if(is_site, visit, "/adjustments"),
        ),
    )
    section = visit.scope.value if visit.scope.name == "section" else ""
    return page(
        request,
        "numbers/scope.html",
        visit=visit,
        scope=visit.scope,
        span=span,
        presets=PRESETS,
        comparisons=COMPARISONS,
        live=None if live is None else live_of(live, words, section=section),
        today=today,
        figure=figure,
        articles=None if articles is None else shares_of(items_of(articles), words, most=_MOST_ARTICLES),
        sections=None if sections is None else shares_of(items_of(sections), words),
        referrers=None if referrers is None else referrers_of(items_of(referrers), words),
        drops=None if drops is None else drops_of(items_of(drops), words),
        adjustments=[] if adjustments is None else adjustments_of(adjustments.get("items")),
        numbers_path=PATH,
        wall_path=WALL,
        whole_span=replace(span, comparison="none"),
    )


async def _if(is_wanted: bool, visit: NumbersVisit, path: str, params: Mapping[str, str] | None = None) -> Json | None:
    return await read_part(visit.request, path, params) if is_wanted else None


ROUTES = [web.get(PATH, show_site), web.get(SECTION, show_section), web.get(TAG, show_tag)]
