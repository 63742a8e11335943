"""The counter: its parts and their life. It counts views, stores articles' cards, retires buckets, ranks, and rolls up days."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from services.popularity.counting.consumers import CounterSink
from services.popularity.counting.retirement import Retirement
from services.popularity.model.ranking_store import RankingStore
from services.popularity.model.store import Counts, Store
from services.popularity.numbers.parts import rolling_up
from services.popularity.rankings.ranking import Ranker, is_alone, is_leader
from services.popularity.settings import PopularitySettings
from shared import topics
from shared.errors import Unavailable
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.group import GroupRunner
from shared.kafka.producer import Producer
from shared.process.process import start_task, stop_task
from shared.site.site import load_site

GROUP = "popularity-counter"
# Views in one turn of the consumer: one call of apply_views. The next turn is fetched meanwhile.
_MOST_RECORDS = 2000
_FINISH_WITHIN_S = 8.0


def counts_of(settings: PopularitySettings) -> Counts:
    """How this site's views are counted."""
    return Counts(load_site(settings.site).zone, settings.trend_half_life_s / 60)


class Counting:
    """A member of the counters' group. The holder of the first partition of views.v1 ranks for all."""

    def __init__(self, settings: PopularitySettings, store: Store, rankings: RankingStore) -> None:
        self._settings = settings
        self._store = store
        self._producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
        self._ranker = Ranker(
            store,
            rankings,
            self._producer,
            sections=[section.slug for section in load_site(settings.site).sections],
            leads=lambda: is_leader(self._runner.partitions),
            is_alone=lambda: is_alone(self._runner.partitions),
            ends=lambda: self._runner.ends(topics.VIEWS.name),
            log_id=lambda: self._sink.log_id,
            every_s=settings.ranking_every_s,
            fresh_s=settings.ranking_fresh_s,
        )
        self._sink = CounterSink(
            store,
            DeadLetters(self._producer, GROUP),
            bootstrap=settings.kafka,
            adopts=settings.kafka_adopt_new_log,
            on_change=self._ranker.on_change,
        )
        self._runner = GroupRunner(
            settings,
            group=GROUP,
            topics=[topics.VIEWS.name, topics.ARTICLES.name],
            sink=self._sink,
            most_records=_MOST_RECORDS,
        )
        self._retirement = Retirement(store, held=lambda: self._runner.partitions, on_change=self._ranker.on_change)

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """Count while the application runs. At its end the current batch is finished, within a time limit."""
        counting = start_task(self._runner.run(), "counter")
        tasks = [start_task(self._retirement.run(), "retirement"), start_task(self._ranker.run(), "ranking")]
        async with rolling_up(self._settings, leads=lambda: is_leader(self._runner.partitions)):
            yield
        await self._runner.stop()
        late = (await asyncio.wait([counting], timeout=_FINISH_WITHIN_S))[1]
        for task in (*late, *tasks):
            await stop_task(task)
        await self._producer.stop()
        await self._store.close()

    async def check_log(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while the present log is refused."""
        if self._sink.refusal:
            raise Unavailable(self._sink.refusal)
        return {"log": self._sink.log_id}

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while nothing is counted."""
        runner = self._runner
        if not runner.ready:
            raise Unavailable(f"no progress for {runner.stalled_for_s():.0f} s")
        return {"lag": runner.lag, "partitions": len(runner.partitions), "ranks": is_leader(runner.partitions)}
