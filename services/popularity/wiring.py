"""The api: its parts and their life."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial

from aiohttp import web

from services.popularity import metrics
from services.popularity.model.store import Store
from services.popularity.rankings.popular_routes import rank_at
from services.popularity.rankings.ranking_cache import RankingCache
from services.popularity.settings import PopularitySettings
from services.popularity.views.agents import Agents
from services.popularity.views.articles import ArticleIndex
from services.popularity.views.claim_store import ClaimStore
from services.popularity.views.claims import Claims
from services.popularity.views.day_keys import DayKeys
from services.popularity.views.fast_path import FastPath
from services.popularity.views.senders import Senders
from services.popularity.views.view_batcher import ACKNOWLEDGED_WITHIN_S, ViewBatcher
from services.popularity.views.visitor_key_store import VisitorKeyStore
from shared import topics
from shared.errors import Unavailable
from shared.events import RankingsChecked
from shared.http.origins import origin_of
from shared.kafka.producer import Producer
from shared.kafka.tail import LogTail
from shared.process.process import start_task, stop_task
from shared.process.redis_memory import RedisMemory
from shared.site.site import load_site

_SILENT_S = 5.0


class ApiParts:
    """The objects behind the api's routes, and their life."""

    def __init__(
        self,
        settings: PopularitySettings,
        store: Store,
        visitor_keys: VisitorKeyStore,
        claims: ClaimStore,
        memory: RedisMemory,
    ) -> None:
        site = load_site(settings.site)
        self._store = store
        self._memory = memory
        self._filters = settings.view_filter == "on"
        self.articles = ArticleIndex(store)
        self.ranking_cache = RankingCache(on_change=lambda: self.fast_path.forget_rankings())
        self.sections = frozenset(section.slug for section in site.sections)
        self._producer = Producer(
            settings.kafka,
            idempotence=settings.kafka_idempotence,
            batch_bytes=512 * 1024,
            timeout_s=ACKNOWLEDGED_WITHIN_S,
        )
        self.view_batcher = ViewBatcher(self._producer, Claims(claims))
        self._agents = Agents()
        self._day_keys = DayKeys(visitor_keys, site.zone, settings.view_repeat_s)
        self.senders = Senders(settings, self._agents, self._day_keys)
        self.fast_path = FastPath(
            self.articles,
            self.view_batcher,
            self.senders,
            partial(rank_at, self.ranking_cache, self.sections),
            origin_of(settings.site_url),
        )
        self._tail = LogTail(
            settings,
            from_beginning=[topics.RANKINGS],
            apply=self.ranking_cache.apply,
            reset=lambda: None,
            goes_on=True,
            heartbeats=[RankingsChecked],
        )

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """While the application runs: send views and follow rankings."""
        tasks = [
            start_task(self.view_batcher.run(), "view batcher"),
            start_task(self._tail.run(), "rankings"),
            start_task(self.fast_path.run(), "fast path"),
            start_task(self._memory.run(), "Redis memory"),
            start_task(self._watch_rankings(), "age of rankings"),
            start_task(self._day_keys.run(), "visitor keys"),
        ]
        with self._agents.judging(warm_up=self._filters):
            yield
        for task in tasks:
            await stop_task(task)
        await self._producer.stop()
        await self._store.close()

    async def _watch_rankings(self) -> None:
        while True:
            self.ranking_cache.check_age()
            metrics.RANKINGS_AGE.set(self.ranking_cache.age_s())
            await asyncio.sleep(1.0)

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while rankings.v1 is not read or not read to its end."""
        if self._tail.silent_for_s() > _SILENT_S:
            raise Unavailable(f"rankings.v1 has been silent for {self._tail.silent_for_s():.0f} s")
        if not self._tail.caught_up.is_set():
            raise Unavailable("rankings.v1 is still being read")
        return {"rankings_complete": self.ranking_cache.complete}
