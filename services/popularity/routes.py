"""HTTP in: views, rankings, counts."""

import hashlib
from collections.abc import Mapping
from uuid import UUID, uuid4

from aiohttp import web
from yarl import URL

from services.popularity.articles import ArticleIndex, Known
from services.popularity.contract import ViewIn
from services.popularity.ranking_cache import RankingCache
from services.popularity.rules import event_id_from_key
from services.popularity.store import Card, Store, views_partition
from services.popularity.view_batcher import ViewBatcher
from shared.errors import Problem
from shared.events import WINDOWS, PageViewed, Window, encode
from shared.http.problems import field_problem, json_response
from shared.http.requests import parse_json, read_body, read_idempotency_key, read_limit, refuse_unknown, validate
from shared.times import now

STORE = web.AppKey("store", Store)
ARTICLES = web.AppKey("articles", ArticleIndex)
VIEW_BATCHER = web.AppKey("view_batcher", ViewBatcher)
RANKING_CACHE = web.AppKey("ranking_cache", RankingCache)
SECTIONS = web.AppKey("sections", frozenset[str])

_WINDOWS: Mapping[str, Window] = {window: window for window in WINDOWS}
_BODY_TYPES = ("application/json", "text/plain")


async def accept_view(request: web.Request) -> web.StreamResponse:
    """Send a view to Kafka and answer 202 once it is acknowledged."""
    body = await read_body(request, types=_BODY_TYPES)
    view = validate(ViewIn, parse_json(body))
    key = read_idempotency_key(request)
    if key is None:
        event_id = view.event_id or uuid4()
        await _record(request, view, event_id)
    else:
        event_id = await _record_once(request, view, key)
    return json_response({"event_id": str(event_id)}, status=202)


async def _record(request: web.Request, view: ViewIn, event_id: UUID) -> None:
    card = _readable(await request.app[ARTICLES].find(view.article_id))
    viewed = PageViewed(id=event_id, article_id=view.article_id, section=card.section, viewed_at=now())
    await request.app[VIEW_BATCHER].accept(encode(viewed), views_partition(view.article_id))


async def _record_once(request: web.Request, view: ViewIn, key: str) -> UUID:
    event_id = view.event_id or event_id_from_key(key)
    store = request.app[STORE]
    sent = hashlib.sha256(f"{view.article_id}\0{event_id}".encode()).hexdigest()
    bound, answered = await store.find_key(key, sent) or await _claim_key(request, view, key, sent)
    if not bound:
        raise Problem(422, "This Idempotency-Key was used for another request.")
    if not answered:
        await _record(request, view, event_id)
        await store.answer_key(key, sent)
    return event_id


async def _claim_key(request: web.Request, view: ViewIn, key: str, sent: str) -> tuple[bool, bool]:
    # Only for a known article: keys of unknown ones would fill Redis, and their number has no limit.
    _readable(await request.app[ARTICLES].find(view.article_id))
    return await request.app[STORE].claim_key(key, sent)


async def list_popular(request: web.Request) -> web.StreamResponse:
    """The newest ranking of a window, from memory."""
    return json_response(rank(request.app[RANKING_CACHE], request.app[SECTIONS], request.query))


def rank(cache: RankingCache, sections: frozenset[str], query: Mapping[str, str]) -> bytes:
    """The JSON of a ranking; 422 for a wrong query."""
    refuse_unknown(query, ("window", "section", "limit"))
    window = query.get("window", "24h")
    if window not in _WINDOWS:
        raise field_problem("?window", f"window is one of {', '.join(WINDOWS)}.")
    section = query.get("section") or None
    if section is not None and section not in sections:
        raise field_problem("?section", "There is no such section.")
    return cache.answer(_WINDOWS[window], section, read_limit(query))


def rank_at(cache: RankingCache, sections: frozenset[str], path: str) -> bytes | None:
    """`rank` for a raw request path; None for a wrong query, so that `list_popular` answers the problem."""
    address = URL(path, encoded=True)
    if address.path != "/v1/popular" or len(set(address.query)) != len(address.query):
        return None
    try:
        return rank(cache, sections, address.query)
    except Problem:
        return None


async def show_views(request: web.Request) -> web.StreamResponse:
    """An article's views by window."""
    refuse_unknown(request.query, ())
    article = request.match_info["id"]
    _readable(await request.app[ARTICLES].find_anew(article))
    return json_response({"article_id": article, "views": await request.app[STORE].views(article)})


def _readable(found: Known | None) -> Card:
    if found is None:
        raise Problem(404, "There is no such article.")
    if found.card.status != "published":
        raise Problem(410, "The article was withdrawn.")
    return found.card


ROUTES = [
    web.post("/v1/views", accept_view),
    web.get("/v1/popular", list_popular),
    web.get("/v1/articles/{id}/views", show_views),
]
