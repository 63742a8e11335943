"""What the api holds open, put together, and its life: the intake of views, the rankings, the quick way."""

from collections.abc import AsyncIterator, Mapping
from functools import partial

from aiohttp import web

from services.popularity.articles import ArticleIndex
from services.popularity.fast_path import FastPath
from services.popularity.ranking_cache import RankingCache
from services.popularity.routes import rank_at
from services.popularity.settings import PopularitySettings
from services.popularity.store import Store
from services.popularity.view_batcher import ACKNOWLEDGED_WITHIN_S, ViewBatcher
from shared import topics
from shared.errors import Unavailable
from shared.kafka.producer import Producer
from shared.kafka.tail import LogTail
from shared.process.process import start_task, stop_task
from shared.site.site import load_site

_SILENT_S = 5.0


class Serving:
    """Everything behind the api's routes."""

    def __init__(self, settings: PopularitySettings, store: Store) -> None:
        self._store = store
        self.articles = ArticleIndex(store)
        self.board = RankingCache(moved=lambda: self.quick.forget())
        self.sections = frozenset(section.slug for section in load_site(settings.site).sections)
        self._producer = Producer(
            settings.kafka,
            idempotence=settings.kafka_idempotence,
            batch_bytes=512 * 1024,
            timeout_s=ACKNOWLEDGED_WITHIN_S,
        )
        self.intake = ViewBatcher(self._producer)
        self.quick = FastPath(self.articles, self.intake, partial(rank_at, self.board, self.sections))
        self._tail = LogTail(
            settings,
            from_beginning=[topics.RANKINGS],
            apply=self.board.apply,
            reset=lambda: None,
        )

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """Take views and follow rankings as long as the application runs."""
        tasks = [
            start_task(self.intake.run(), "intake"),
            start_task(self._tail.run(), "rankings"),
            start_task(self.quick.run(), "quick way"),
        ]
        yield
        for task in tasks:
            await stop_task(task)
        await self._producer.stop()
        await self._store.close()

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while the rankings are not heard."""
        if self._tail.silent_for_s() > _SILENT_S:
            raise Unavailable(f"rankings.v1 has not been heard for {self._tail.silent_for_s():.0f} s")
        if not self._tail.caught_up.is_set():
            raise Unavailable("rankings.v1 is still being read")
        return {"rankings_complete": self.board.complete}
