"""The list of articles, the desk's first page."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence

import structlog
from aiohttp import web

from services.desk.api import Json
from services.desk.articles.copy import facts_of
from services.desk.articles.list_query import VIEWS, ListQuery, read_query, recall, remember
from services.desk.articles.states import states_of
from services.desk.forms import Form, refused
from services.desk.keys import DESK_SETTINGS, SITE
from services.desk.now.facts import NowFacts
from services.desk.now.now_page import now_of
from services.desk.visit import VISIT, Visit, items_of, page, see_other
from shared.errors import Problem, Unavailable
from shared.http.instances import Answer
from shared.site.site import Site
from shared.times import now

_log = structlog.get_logger(__name__)

_LIMIT = "30"
_COOKIE = "wm_desk_list"
_COOKIE_S = 90 * 86_400
# Counts and presence are a courtesy: the list does not wait longer for them.
_COURTESY_S = 1.5


async def show_list(request: web.Request) -> web.Response:
    """Articles that pass the filters of the address, newest first."""
    visit, query = request[VISIT], read_query(request.query)
    # A moderator has no articles: sign-in leads here.
    if not visit.person.writes and not request.query_string:
        return see_other(visit.person.rooms[0][1])
    (form, found), counts, now_facts = await asyncio.gather(
        _articles(visit, query), or_nothing(visit.get("/v1/articles/counts")), _now(request)
    )
    moment = now()
    articles = [facts_of(item) for item in items_of(found)]
    answer = page(
        request,
        "articles/list.html",
        status=422 if form.detail else 200,
        rows=[(article, states_of(article, moment)) for article in articles],
        query=query,
        views=list(VIEWS),
        # The counts are of the whole newsroom: beside narrower lists they would be wrong.
        counts={} if query.within else counts,
        overdue=counts.get("overdue") or 0,
        now=now_facts,
        present=await _presence(visit, [article.id for article in articles]),
        languages=_languages(request.app[SITE], query),
        last="" if request.query_string else recall(visit.person.id, request.cookies.get(_COOKIE, "")),
        next_cursor=found.get("next_cursor"),
        form=form,
    )
    _keep(request, answer, query)
    return answer


async def _articles(visit: Visit, query: ListQuery) -> tuple[Form, Json]:
    """One page of articles. A filter that ingestion refuses is an error of the form, and there are no articles."""
    try:
        found = await visit.get("/v1/articles", limit=_LIMIT, cursor=query.cursor, **query.filters)
    except Problem as problem:
        if problem.status != 422:
            raise
        return refused(query.filters, problem), {}
    return Form(query.filters), found.json


async def _now(request: web.Request) -> NowFacts | None:
    """What happens now, on the desk's first page alone: a filtered list is work."""
    return None if request.query_string else await now_of(request)


async def or_nothing(call: Awaitable[Answer]) -> Json:
    """The answer of a call that a page can do without; empty when it fails or takes too long."""
    try:
        async with asyncio.timeout(_COURTESY_S):
            return (await call).json
    except (Problem, Unavailable, TimeoutError) as error:
        _log.warning("page.without_part", reason=repr(error))
        return {}


async def _presence(visit: Visit, ids: Sequence[str]) -> Mapping[str, object]:
    """Who is in each story, by article."""
    if not ids:
        return {}
    found = (await or_nothing(visit.get("/internal/presence", ids=",".join(ids)))).get("items")
    return found if isinstance(found, dict) else {}


def _languages(site: Site, query: ListQuery) -> Sequence[str]:
    """Languages to choose from: the newsroom's, those that the site has names in, and the chosen one."""
    return sorted({"en", site.language, *site.names, query.value("language") or site.language})


def _keep(request: web.Request, answer: web.Response, query: ListQuery) -> None:
    """Remember the filters, for a link at the next visit."""
    value = remember(request[VISIT].person.id, query)
    if value:
        secure = request.app[DESK_SETTINGS].is_secure
        answer.set_cookie(_COOKIE, value, max_age=_COOKIE_S, path="/desk", httponly=True, samesite="Lax", secure=secure)


ROUTES = [web.get("/desk", show_list)]
