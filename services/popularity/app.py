"""Popularity's two processes: `create_api` for readers, `create_counter` for Kafka."""

from collections.abc import Mapping

from aiohttp import web
from redis.asyncio import Redis

from services.popularity.counting.counter import Counting, counts_of
from services.popularity.model.ranking_store import RankingStore
from services.popularity.model.store import Store
from services.popularity.numbers.keys import DAYS, NUMBERS_ZONE
from services.popularity.numbers.parts import add_numbers
from services.popularity.rankings.place_rankings import PlaceRankings
from services.popularity.rankings.popular_routes import PLACE_RANKINGS, RANKING_CACHE, SECTIONS
from services.popularity.routes import ROUTES
from services.popularity.settings import PopularitySettings
from services.popularity.views.claim_store import ClaimStore
from services.popularity.views.distinct_visitors import DistinctVisitors
from services.popularity.views.key_store import MOST_ENTRIES, MOST_KEYS_OF_A_VISITOR, KeyStore
from services.popularity.views.view_routes import (
    ARTICLES,
    DISTINCT_VISITORS,
    KEYS,
    REDIS_MEMORY,
    SENDERS,
    SITE_ORIGIN,
    STORE,
    TRUSTS_EDGE,
    VIEW_BATCHER,
)
from services.popularity.views.visitor_key_store import VisitorKeyStore
from services.popularity.wiring import ApiParts
from shared import redis
from shared.http.app import answer_first, create_service
from shared.http.health import HEALTH
from shared.http.origins import origin_of
from shared.process.redis_memory import RedisMemory
from shared.times import now


def create_api(settings: PopularitySettings) -> web.Application:
    """Accepts views, answers with rankings and counts. In no consumer group."""
    app = create_service(settings, ROUTES)
    client = redis.connect(settings.redis)
    app[STORE] = store = Store(client)
    app[KEYS] = _create_keys(client, settings)
    app[REDIS_MEMORY] = memory = RedisMemory(client)
    app[SITE_ORIGIN], app[TRUSTS_EDGE] = origin_of(settings.site_url), settings.forwarded_for
    claims = ClaimStore(client, settings.view_repeat_s, settings.view_network_most)
    parts = ApiParts(settings, store, VisitorKeyStore(client), claims, memory)
    app[ARTICLES] = parts.articles
    app[RANKING_CACHE] = parts.ranking_cache
    app[SENDERS] = parts.senders
    app[VIEW_BATCHER] = parts.view_batcher
    app[SECTIONS] = parts.sections
    answer_first(app, parts.fast_path.answer)
    app[HEALTH].add("redis", lambda: _answers(store))
    app[HEALTH].add("rankings", parts.check)
    add_numbers(app, settings, client, store, parts.ranking_cache)
    app[PLACE_RANKINGS] = PlaceRankings(store, RankingStore(client, settings.trend_half_life_s / 60), now)
    app[DISTINCT_VISITORS] = DistinctVisitors(store, app[DAYS], app[NUMBERS_ZONE])
    app.cleanup_ctx.append(parts.live)
    return app


def create_counter(settings: PopularitySettings) -> web.Application:
    """Counts views, stores articles' cards, retires buckets, and ranks while it holds the first partition of views.v1."""
    app = create_service(settings, [])
    client = redis.connect(settings.redis)
    app[STORE] = store = Store(client, counts_of(settings))
    counting = Counting(settings, store, RankingStore(client, settings.trend_half_life_s / 60))
    app[HEALTH].add("redis", lambda: _answers(store))
    app[HEALTH].add("log", counting.check_log)
    app[HEALTH].add("counting", counting.check)
    app.cleanup_ctx.append(counting.live)
    return app


def _create_keys(client: Redis, settings: PopularitySettings) -> KeyStore:
    most = MOST_KEYS_OF_A_VISITOR if settings.rate_limits == "on" else MOST_ENTRIES
    return KeyStore(client, most_of_visitor=most)


async def _answers(store: Store) -> Mapping[str, object]:
    await store.ping()
    return {}
