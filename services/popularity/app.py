"""Popularity's two processes: `create_api` for readers, `create_counter` for Kafka."""

from collections.abc import Mapping

from aiohttp import web

from services.popularity.counting import Counting
from services.popularity.routes import ARTICLES, RANKING_CACHE, ROUTES, SECTIONS, STORE, VIEW_BATCHER
from services.popularity.settings import PopularitySettings
from services.popularity.store import Store
from services.popularity.wiring import ApiParts
from shared import redis
from shared.http.app import answer_first, create_service
from shared.http.health import HEALTH


def create_api(settings: PopularitySettings) -> web.Application:
    """Accepts views, answers with rankings and counts. In no consumer group."""
    app = create_service(settings, ROUTES)
    app[STORE] = store = Store(redis.connect(settings.redis))
    parts = ApiParts(settings, store)
    app[ARTICLES] = parts.articles
    app[RANKING_CACHE] = parts.ranking_cache
    app[VIEW_BATCHER] = parts.view_batcher
    app[SECTIONS] = parts.sections
    answer_first(app, parts.fast_path.answer)
    app[HEALTH].add("redis", lambda: _answers(store))
    app[HEALTH].add("rankings", parts.check)
    app.cleanup_ctx.append(parts.live)
    return app


def create_counter(settings: PopularitySettings) -> web.Application:
    """Counts views, stores articles' cards, retires buckets, and ranks while it holds the first partition of views.v1."""
    app = create_service(settings, [])
    app[STORE] = store = Store(redis.connect(settings.redis))
    counting = Counting(settings, store)
    app[HEALTH].add("redis", lambda: _answers(store))
    app[HEALTH].add("log", counting.check_log)
    app[HEALTH].add("counting", counting.check)
    app.cleanup_ctx.append(counting.live)
    return app


async def _answers(store: Store) -> Mapping[str, object]:
    await store.ping()
    return {}
