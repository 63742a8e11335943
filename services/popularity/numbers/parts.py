"""The numbers' parts of the api, and their life."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog
from aiohttp import web
from redis.asyncio import Redis

from services.popularity.model.store import Counts, Store
from services.popularity.numbers.adjusting import Adjusting, AuditClient
from services.popularity.numbers.adjustment_store import AdjustmentStore
from services.popularity.numbers.answers import Answers
from services.popularity.numbers.archives import Archives
from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.days import Days
from services.popularity.numbers.held_rankings import HeldRankings
from services.popularity.numbers.keys import (
    ADJUSTING,
    ADJUSTMENTS,
    ANSWERS,
    ARCHIVES,
    CARDS,
    DAYS,
    LIVE_NUMBERS,
    NUMBERS_SECTIONS,
    NUMBERS_ZONE,
    PRESENT,
    TOKEN_CHECKER,
    TRUSTS_HEADER,
)
from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.present import Present
from services.popularity.numbers.ranked_days import RankedDays
from services.popularity.numbers.rebuild_store import RebuildStore
from services.popularity.numbers.rollup import RollUp
from services.popularity.numbers.top_store import TopStore
from services.popularity.rankings.ranking_cache import RankingCache
from services.popularity.settings import PopularitySettings
from shared import redis
from shared.errors import Unavailable
from shared.http.token_checker import TokenChecker
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.process.process import start_task, stop_task
from shared.site.site import load_site

_log = structlog.get_logger(__name__)

_CLEAR_EVERY_S = 30.0


def add_numbers(
    app: web.Application, settings: PopularitySettings, client: Redis, store: Store, rankings: RankingCache
) -> None:
    """Add what the numbers' routes need. MongoDB may be away at the start, and later: then they answer 503."""
    site = load_site(settings.site)
    mongo = Mongo(settings.mongo)
    database = mongo.database(settings.popularity_database)
    live, stored = LiveStore(client), DayStore(database)
    sections = [section.slug for section in site.sections]
    ranked = RankedDays(live, TopStore(database), stored)
    app[DAYS] = days = Days(live, stored, site.zone)
    app[ANSWERS] = Answers(days, ranked, store, sections)
    app[PRESENT] = Present(live, store, sections, partial(rankings.articles, "rising"))
    app[ARCHIVES] = Archives(HeldRankings(ranked), store, site.zone)
    app[CARDS], app[LIVE_NUMBERS], app[TRUSTS_HEADER] = store, live, settings.forwarded_for
    app[ADJUSTMENTS] = AdjustmentStore(database)
    app[NUMBERS_ZONE], app[NUMBERS_SECTIONS] = site.zone, frozenset(sections)

    async def connections(app: web.Application) -> AsyncIterator[None]:
        app[TOKEN_CHECKER] = TokenChecker(
            settings.ingestion_urls, settings.site_url, trusts_edge=settings.forwarded_for
        )
        producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
        audit = AuditClient(settings.ingestion_urls)
        app[ADJUSTING] = Adjusting(app[ADJUSTMENTS], producer, audit)
        task = start_task(app[ADJUSTING].run(), "adjustments")
        yield
        await stop_task(task)
        await producer.stop()
        await audit.close()
        await app[TOKEN_CHECKER].close()
        mongo.close()

    app.cleanup_ctx.append(connections)


async def _clear_stale(rebuilds: RebuildStore, leads: Callable[[], bool]) -> None:
    while True:
        try:
            if leads():
                await rebuilds.clear_stale()
        except Unavailable as error:
            _log.warning("rebuild.not_cleared", reason=str(error))
        await asyncio.sleep(_CLEAR_EVERY_S)


@asynccontextmanager
async def rolling_up(settings: PopularitySettings, leads: Callable[[], bool]) -> AsyncIterator[None]:
    """Roll up days for the length of a block, while `leads` returns true for this counter."""
    client, mongo = redis.connect(settings.redis, most_connections=4), Mongo(settings.mongo, most_connections=4)
    database = mongo.database(settings.popularity_database)
    zone = load_site(settings.site).zone
    rollup = RollUp(LiveStore(client), DayStore(database), TopStore(database), zone, leads=leads)
    rebuilds = RebuildStore(client, Counts(zone))
    tasks = [start_task(rollup.run(), "roll-up"), start_task(_clear_stale(rebuilds, leads), "stale rebuilds")]
    try:
        yield
    finally:
        for task in tasks:
            await stop_task(task)
        await client.aclose()
        mongo.close()
