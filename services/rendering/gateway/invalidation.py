"""Follows pages.v1, from now on, to invalidate cached pages, and rankings.v1, from its beginning, for Popular News."""

from collections.abc import Callable

import structlog

from services.rendering import metrics
from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.count_changes import CountChanges
from services.rendering.gateway.live.topics import LiveTopics
from services.rendering.gateway.page_builder import PageOrAbsence
from services.rendering.gateway.traces import Traces
from services.rendering.pages.popular import PopularNews
from services.rendering.readmodel.names import READ_MODEL, count_name, discussed_article, path_of
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.errors import InvalidMessage, Unavailable
from shared.events import DocumentChanged, RankingComputed, RankingsChecked, Record, decode
from shared.kafka.tail import LogTail
from shared.times import now
from shared.topics import PAGES, RANKINGS

_log = structlog.get_logger(__name__)


class Invalidation:
    """Keeps the cache's floors and the rankings up to date, and knows whether the log is still being followed.

    `on_path_change` is called with each public path whose article has changed.
    """

    def __init__(
        self,
        settings: RenderingSettings,
        cache: PageCache[PageOrAbsence],
        popular: PopularNews,
        topics: LiveTopics,
        model: ReadModel,
        traces: Traces,
        on_path_change: Callable[[str], None] = lambda path: None,
    ) -> None:
        self._cache = cache
        self._popular = popular
        self._topics = topics
        self._model = model
        self._traces = traces
        self._on_path_change = on_path_change
        self.count_changes = CountChanges(self._raise_floor)
        self._trusted_for_s = settings.log_silence_s
        self._tail = LogTail(
            settings,
            from_beginning=[RANKINGS],
            from_end=[PAGES],
            apply=self.apply,
            reset=self.flush,
            goes_on=True,
            is_urgent=True,
            heartbeats=[RankingsChecked],
        )

    async def run(self) -> None:
        """Follow the log until cancelled."""
        await self._tail.run()

    @property
    def is_following(self) -> bool:
        """Whether the log is being followed, so that the cache can be trusted."""
        return self._tail.silent_for_s() < self._trusted_for_s

    @property
    def silent_s(self) -> float:
        """Seconds since the last contact with the log."""
        return self._tail.silent_for_s()

    async def check(self) -> dict[str, object]:
        """Readiness check. Raises Unavailable while the log is not being followed."""
        if not self.is_following:
            raise Unavailable("pages.v1 is not being followed: every request renders its page")
        if not self._tail.caught_up.is_set():
            raise Unavailable("rankings.v1 is still being read")
        return {"silent_s": round(self._tail.silent_for_s(), 3), "pages": len(self._cache)}

    def flush(self) -> None:
        """Drop everything cached: changes may have been missed, or the log was replaced."""
        _log.info("cache.flushed", pages=len(self._cache))
        metrics.CACHE_FLUSHED.inc()
        self._cache.clear()
        self.count_changes.clear()
        self._traces.clear()
        self._topics.reset()

    def apply(self, record: Record) -> None:
        """Apply one record of the log."""
        try:
            event = decode(record)
        except InvalidMessage as error:
            metrics.UNREADABLE.inc()
            _log.error("record.unreadable", topic=record.topic, offset=record.offset, reason=str(error))
            if record.topic == PAGES.name:
                # Its change is lost, so the present cache cannot be trusted. Pages rendered from now on can.
                self.flush()
            return
        if isinstance(event, DocumentChanged) and event.dependency == READ_MODEL:
            self.flush()
        elif isinstance(event, DocumentChanged):
            self._invalidate(event)
        elif isinstance(event, RankingComputed):
            self._popular.take(event)
        elif isinstance(event, RankingsChecked):
            self._popular.check(event)

    def _invalidate(self, change: DocumentChanged) -> None:
        """Raise a floor if the version belongs to the present read model. Versions of different models do not compare."""
        number = change.read_model or self._model.number
        if number < self._model.number:
            return
        if number > self._model.number:
            # The version is of a rebuilt read model. This gateway switches to it when it reads the mark, at the latest with a page.
            self._cache.clear()
            self.count_changes.clear()
        else:
            self._raise_floor(change.dependency, change.version)
            if (article_id := discussed_article(change.dependency)) is not None:
                self.count_changes.note(count_name(article_id), change.version)
        self._topics.on_change(change.dependency)
        if (path := path_of(change.dependency)) is not None:
            self._on_path_change(path)
        moment = now()
        self._traces.note(change, moment)
        metrics.VISIBLE_SECONDS.observe(max(0.0, (moment - change.changed_at).total_seconds()))

    def _raise_floor(self, dependency: str, version: int) -> None:
        metrics.CACHE_DROPPED.inc(self._cache.raise_floor(dependency, version))
