"""Popularity's two processes: `create_api` (what readers reach) and `create_counter` (what counts)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial

from aiohttp import web

from services.popularity.articles import ArticleIndex
from services.popularity.board import Board
from services.popularity.consumers import CounterSink
from services.popularity.intake import ACKNOWLEDGED_WITHIN_S, Intake
from services.popularity.quick import QuickWay
from services.popularity.ranking import Ranker, is_leader
from services.popularity.retirement import Retirement
from services.popularity.routes import ARTICLES, BOARD, INTAKE, ROUTES, SECTIONS, STORE, rank_at
from services.popularity.settings import PopularitySettings
from services.popularity.store import Store
from shared import redis, topics
from shared.dead_letters import DeadLetters
from shared.errors import Unavailable
from shared.group import GroupRunner
from shared.process import start_task, stop_task
from shared.producer import Producer
from shared.service import HEALTH, Check, answer_first, create_service
from shared.site import load_site
from shared.tail import LogTail

_GROUP = "popularity-counter"
_SILENT_S = 5.0
# Views that one turn of the consumer takes: a few calls of the gate for each partition.
_MOST_RECORDS = 4000
_FINISH_WITHIN_S = 8.0


def create_api(settings: PopularitySettings) -> web.Application:
    """Takes views, shows rankings and counts; belongs to no consumer group."""
    app = create_service(settings, ROUTES)
    app[STORE] = store = Store(redis.connect(settings.redis))
    app[ARTICLES] = articles = ArticleIndex(store)
    app[BOARD] = board = Board(moved=lambda: quick.forget())
    app[SECTIONS] = sections = frozenset(section.slug for section in load_site(settings.site).sections)
    producer = Producer(
        settings.kafka,
        idempotence=settings.kafka_idempotence,
        batch_bytes=512 * 1024,
        timeout_s=ACKNOWLEDGED_WITHIN_S,
    )
    app[INTAKE] = intake = Intake(producer)
    quick = QuickWay(articles, intake, partial(rank_at, board, sections))
    answer_first(app, quick.answer)
    tail = LogTail(
        settings.kafka,
        from_beginning=[topics.RANKINGS],
        apply=board.apply,
        reset=lambda: None,
        fetch_wait_ms=settings.kafka_fetch_wait_ms,
    )

    async def run(_: web.Application) -> AsyncIterator[None]:
        tasks = [
            start_task(intake.run(), "intake"),
            start_task(tail.run(), "rankings"),
            start_task(quick.run(), "quick way"),
        ]
        yield
        for task in tasks:
            await stop_task(task)
        await producer.stop()
        await store.close()

    async def check_rankings() -> Mapping[str, object]:
        if tail.silent_for_s() > _SILENT_S:
            raise Unavailable(f"rankings.v1 has not been heard for {tail.silent_for_s():.0f} s")
        return {"rankings_complete": board.complete}

    app.cleanup_ctx.append(run)
    app[HEALTH].add("redis", _check_redis(store))
    app[HEALTH].add("rankings", check_rankings)
    return app


def create_counter(settings: PopularitySettings) -> web.Application:
    """Counts views, keeps articles' cards, retires buckets, and ranks while it holds views.v1's first partition."""
    app = create_service(settings, [])
    app[STORE] = store = Store(redis.connect(settings.redis))
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    ranker = Ranker(
        store,
        producer,
        sections=[section.slug for section in load_site(settings.site).sections],
        leads=lambda: is_leader(runner.partitions),
        log_id=lambda: sink.log_id,
        every_s=settings.ranking_every_s,
        fresh_s=settings.ranking_fresh_s,
    )
    sink = CounterSink(
        store,
        DeadLetters(producer, _GROUP),
        bootstrap=settings.kafka,
        adopts=settings.kafka_adopt_new_log,
        moved=ranker.moved,
    )
    runner = GroupRunner(
        settings,
        group=_GROUP,
        topics=[topics.VIEWS.name, topics.ARTICLES.name],
        sink=sink,
        most_records=_MOST_RECORDS,
    )
    retirement = Retirement(store, held=lambda: runner.partitions, moved=ranker.moved)

    async def run(_: web.Application) -> AsyncIterator[None]:
        counting = start_task(runner.run(), "counter")
        tasks = [start_task(retirement.run(), "retirement"), start_task(ranker.run(), "ranking")]
        yield
        await runner.stop()
        await _finish(counting)
        for task in tasks:
            await stop_task(task)
        await producer.stop()
        await store.close()

    async def check_log() -> Mapping[str, object]:
        if sink.refusal:
            raise Unavailable(sink.refusal)
        return {"log": sink.log_id}

    async def check_counting() -> Mapping[str, object]:
        if not runner.ready:
            raise Unavailable(f"no progress for {runner.stalled_for_s():.0f} s")
        return {"lag": runner.lag, "partitions": len(runner.partitions), "ranks": is_leader(runner.partitions)}

    app.cleanup_ctx.append(run)
    app[HEALTH].add("redis", _check_redis(store))
    app[HEALTH].add("log", check_log)
    app[HEALTH].add("counting", check_counting)
    return app


async def _finish(counting: "asyncio.Task[None]") -> None:
    _, late = await asyncio.wait([counting], timeout=_FINISH_WITHIN_S)
    if late:
        await stop_task(counting)


def _check_redis(store: Store) -> Check:
    async def check() -> Mapping[str, object]:
        await store.ping()
        return {}

    return check
