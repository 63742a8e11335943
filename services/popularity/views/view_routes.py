"""HTTP in: views, and the counts of an article."""

import asyncio
from time import time
from uuid import UUID, uuid4

from aiohttp import web

from services.popularity import metrics
from services.popularity.contract import ViewIn
from services.popularity.model.store import Card, Store, views_partition
from services.popularity.views.articles import ArticleIndex, Known
from services.popularity.views.claims import OutgoingView
from services.popularity.views.distinct_visitors import DistinctVisitors
from services.popularity.views.key_store import Binding, KeyStore, request_digest
from services.popularity.views.senders import Senders
from services.popularity.views.view_batcher import ViewBatcher
from shared.errors import Problem
from shared.events import PageViewed, encode
from shared.http.origins import is_cross_site
from shared.http.problems import json_response
from shared.http.requests import parse_json, read_body, read_idempotency_key, refuse_unknown, validate
from shared.http.visitors import network_of
from shared.process.redis_memory import KEYS_BELOW, RedisMemory
from shared.times import now

STORE = web.AppKey("store", Store)
DISTINCT_VISITORS = web.AppKey("distinct_visitors", DistinctVisitors)
KEYS = web.AppKey("keys", KeyStore)
REDIS_MEMORY = web.AppKey("redis_memory", RedisMemory)
SITE_ORIGIN = web.AppKey("site_origin", str)
TRUSTS_EDGE = web.AppKey("trusts_edge", bool)
ARTICLES = web.AppKey("articles", ArticleIndex)
SENDERS = web.AppKey("senders", Senders)
VIEW_BATCHER = web.AppKey("view_batcher", ViewBatcher)

_WITHOUT = "Send an event_id instead of an Idempotency-Key."
_BODY_TYPES = ("application/json", "text/plain")


async def accept_view(request: web.Request) -> web.StreamResponse:
    """Send a view to Kafka and answer 202 once it is acknowledged."""
    if is_cross_site(request.headers, request.app[SITE_ORIGIN]):
        metrics.VIEWS_REFUSED.labels("cross-site").inc()
        raise Problem(403, "A view must come from a page of this site.")
    body = await read_body(request, types=_BODY_TYPES)
    view = validate(ViewIn, parse_json(body))
    key = read_idempotency_key(request)
    if key is None:
        event_id = view.event_id or uuid4()
        await record_view(request, view, event_id)
    else:
        event_id = await _record_once(request, view, key)
    return json_response({"event_id": str(event_id)}, status=202)


async def record_view(request: web.Request, view: ViewIn, event_id: UUID) -> None:
    """Return when Kafka has the view. Raises a Problem for an unknown article, Unavailable without Redis."""
    card = _readable(await request.app[ARTICLES].find(view.article_id))
    sender = await request.app[SENDERS].examine(request, view.referrer, view.article_id, event_id.bytes)
    viewed = PageViewed(
        id=event_id,
        article_id=view.article_id,
        section=card.section,
        viewed_at=now(),
        referrer=sender.referrer.kind,
        referrer_host=sender.referrer.host,
        visitor=sender.visitor,
        dropped=sender.dropped,
    )
    outgoing = OutgoingView(encode(viewed), sender.dropped, sender.claim)
    await request.app[VIEW_BATCHER].accept(outgoing, views_partition(view.article_id))


async def _record_once(request: web.Request, view: ViewIn, key: str) -> UUID:
    keys, now_s = request.app[KEYS], int(time())
    scoped = await keys.scope(network_of(request, trusts_edge=request.app[TRUSTS_EDGE]), key)
    event_id = view.event_id or scoped.event_id
    sent = request_digest(view.article_id, event_id)
    binding = await keys.find(scoped, sent, now_s)
    if binding.status == "FREE":
        # Only for a known article: views of others are refused, so their keys need no place.
        _readable(await request.app[ARTICLES].find(view.article_id))
        await _check_room(request)
        binding = await keys.claim(scoped, sent, now_s)
    _check(binding)
    if not binding.is_answered:
        await record_view(request, view, event_id)
        await keys.mark_answered(scoped, sent, now_s)
    return event_id


async def _check_room(request: web.Request) -> None:
    # The counters need the rest of Redis' memory.
    if await request.app[REDIS_MEMORY].share() >= KEYS_BELOW:
        _check(Binding("FULL"))


def _check(binding: Binding) -> None:
    if binding.status == "VISITOR":
        metrics.VIEWS_REFUSED.labels("keys of a visitor").inc()
        raise Problem(429, f"You have used many keys. {_WITHOUT}", headers={"Retry-After": "3600"})
    if binding.status == "FULL":
        metrics.VIEWS_REFUSED.labels("keys").inc()
        raise Problem(503, f"There is no room for another key. {_WITHOUT}", headers={"Retry-After": "600"})
    if not binding.is_same:
        raise Problem(422, "This Idempotency-Key was used for another request.")


async def show_views(request: web.Request) -> web.StreamResponse:
    """An article's views and visitors by window."""
    refuse_unknown(request.query, ())
    article = request.match_info["id"]
    card = _readable(await request.app[ARTICLES].find_anew(article))
    views, visitors = await asyncio.gather(
        request.app[STORE].views(article),
        request.app[DISTINCT_VISITORS].count(article, card.published, int(time()) // 60),
    )
    return json_response({"article_id": article, "views": views, "visitors": visitors})


def _readable(found: Known | None) -> Card:
    if found is None:
        raise Problem(404, "There is no such article.")
    if found.card.status != "published":
        raise Problem(410, "The article was withdrawn.")
    return found.card


ROUTES = [
    web.post("/v1/views", accept_view),
    web.get("/v1/articles/{id}/views", show_views),
]
