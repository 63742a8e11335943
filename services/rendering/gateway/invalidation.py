"""What the gateway hears: pages that moved, from now on, and rankings, from the beginning."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from services.rendering import metrics
from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.live.topics import LiveTopics
from services.rendering.gateway.page_builder import Found
from services.rendering.pages.popular import PopularNews
from services.rendering.readmodel.names import READ_MODEL, path_of
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.errors import InvalidMessage, Unavailable
from shared.events import DocumentChanged, RankingComputed, Record, decode
from shared.kafka.tail import LogTail
from shared.topics import PAGES, RANKINGS

_log = structlog.get_logger(__name__)


class Invalidation:
    """Keeps the cache's floors and the rankings up to date, and knows whether the log is still heard.

    `on_path` is called with each public path under which something else stands than before.
    """

    def __init__(
        self,
        settings: RenderingSettings,
        cache: PageCache[Found],
        popular: PopularNews,
        live: LiveTopics,
        model: ReadModel,
        on_path: Callable[[str], None] = lambda path: None,
    ) -> None:
        self._cache = cache
        self._popular = popular
        self._live = live
        self._model = model
        self._on_path = on_path
        self._trusted_for_s = settings.log_silence_s
        self._tail = LogTail(
            settings,
            from_beginning=[RANKINGS],
            from_end=[PAGES],
            apply=self.apply,
            reset=self.start_over,
            is_urgent=True,
        )

    async def run(self) -> None:
        """Follow the log until cancelled."""
        await self._tail.run()

    @property
    def is_heard(self) -> bool:
        """Whether the cache may be trusted: what moves is known within moments."""
        return self._tail.silent_for_s() < self._trusted_for_s

    @property
    def silent_s(self) -> float:
        """Seconds since the log was last known to be followed."""
        return self._tail.silent_for_s()

    async def check(self) -> dict[str, object]:
        """For readiness: raises Unavailable while the log is not followed."""
        if not self.is_heard:
            raise Unavailable("pages.v1 is not heard: pages are rendered anew for each request")
        if not self._tail.caught_up.is_set():
            raise Unavailable("rankings.v1 is still being read")
        return {"silent_s": round(self._tail.silent_for_s(), 3), "pages": len(self._cache)}

    def start_over(self) -> None:
        """Moves may have been missed, or the log is another one: nothing that was cached can be believed."""
        _log.info("cache.flushed", pages=len(self._cache))
        metrics.CACHE_FLUSHED.inc()
        self._cache.clear()
        self._live.start_over()

    def apply(self, record: Record) -> None:
        """Take in one record."""
        try:
            event = decode(record)
        except InvalidMessage as error:
            metrics.UNREADABLE.inc()
            _log.error("announcement.unreadable", topic=record.topic, offset=record.offset, reason=str(error))
            if record.topic == PAGES.name:
                # It may have said that something moved. Without it the cache cannot be believed; the next one can.
                self.start_over()
            return
        if isinstance(event, DocumentChanged) and event.dependency == READ_MODEL:
            self.start_over()
        elif isinstance(event, DocumentChanged):
            self._move(event)
        elif isinstance(event, RankingComputed):
            self._popular.take(event)

    def _move(self, moved: DocumentChanged) -> None:
        """A floor for the read model that pages are made of: versions of another would never be reached in this one."""
        number = moved.read_model or self._model.number
        if number < self._model.number:
            return
        if number > self._model.number:
            # The mark of the successor is about to be set, or to be read with the next page.
            self._cache.clear()
        else:
            metrics.CACHE_DROPPED.inc(self._cache.raise_floor(moved.dependency, moved.version))
        self._live.moved(moved.dependency)
        if (path := path_of(moved.dependency)) is not None:
            self._on_path(path)
        metrics.VISIBLE_SECONDS.observe(max(0.0, (datetime.now(UTC) - moved.changed_at).total_seconds()))
