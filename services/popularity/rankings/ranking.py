"""Rankings: exact merges of the partitions' tops, published when they change, confirmed while they do not.

One counter computes them, the holder of the first partition of views.v1. Two holders for a moment do no harm: both read the
same Redis, and of two rankings the later one wins.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from time import monotonic

import structlog

from services.popularity import metrics
from services.popularity.model.ranking_store import RankingStore
from services.popularity.model.store import Store
from services.popularity.rankings.reading import RankingReader, Scope
from services.popularity.rankings.rules import has_changed, has_counted, is_stale
from shared import topics
from shared.errors import Unavailable
from shared.events import RANKINGS, RankedArticle, RankingComputed, RankingsChecked, encode
from shared.kafka.producer import Producer
from shared.times import now

_log = structlog.get_logger(__name__)

# Polls for the work of other counters, which shows only in Redis.
_LOOK_EVERY_S = 0.25
# `on_change` reports all work of a counter that is alone.
_LOOK_ALONE_EVERY_S = 1.0
_PAUSE_AFTER_FAILURE_S = 0.5
# All rankings are sent again: a former leader that was suspended may have sent an older one.
_AGAIN_AFTER_S = 45.0
# A topic that was made again may never reach the end that its former one had: then ask again.
_ASK_AGAIN_AFTER_S = 60.0


class Ranker:
    """Keeps rankings.v1 current while `leads` returns true for this process.

    Each `fresh_s` it asks for the log's `ends`. When all partitions are counted up to there, one small record confirms all
    rankings as of the time of the question. Rankings of a counter that has fallen behind carry the last such time.
    """

    def __init__(
        self,
        store: Store,
        rankings: RankingStore,
        producer: Producer,
        *,
        sections: Sequence[str],
        leads: Callable[[], bool],
        is_alone: Callable[[], bool],
        ends: Callable[[], Awaitable[Mapping[int, int]]],
        log_id: Callable[[], str],
        every_s: float,
        fresh_s: float,
    ) -> None:
        self._store = store
        self._rankings = rankings
        self._producer = producer
        self._scopes: list[Scope] = [(name, section) for name in RANKINGS for section in (None, *sections)]
        self._leads = leads
        self._is_alone = is_alone
        self._ends = ends
        self._log_id = log_id
        self._every_s = every_s
        self._fresh_s = fresh_s
        self._changed = asyncio.Event()
        self._worked = False
        self._current_at = now()
        self._forget()

    def _forget(self) -> None:
        """Forget all state, so that everything is read and published again."""
        self._reader = RankingReader(self._store, self._rankings, self._scopes)
        self._published: dict[Scope, tuple[RankedArticle, ...]] = {}
        self._published_at: dict[Scope, float] = {}
        self._asked_at = float("-inf")
        self._asked: tuple[datetime, Mapping[int, int]] | None = None
        self._published_in = ""

    def on_change(self) -> None:
        """Counts may have changed: look now."""
        self._changed.set()

    async def run(self) -> None:
        """Rank until cancelled."""
        while True:
            started = monotonic()
            try:
                await self.look()
            except Unavailable as error:
                _log.warning("ranking.waits", reason=str(error))
                self._forget()
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)
            await asyncio.sleep(max(0.0, self._every_s - (monotonic() - started)) if self._worked else 0)
            await self._until_change()

    async def _until_change(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_ALONE_EVERY_S if self._is_alone() else _LOOK_EVERY_S):
                await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self._changed.clear()

    async def look(self) -> None:
        """Publish the rankings that have changed, have grown old, or are not in this log yet; then confirm all."""
        self._worked = False
        if not self._leads():
            self._forget()
            self._current_at = now()
            return
        if self._published_in != self._log_id():
            self._forget()
            self._published_in = self._log_id()
        changed = await self._reader.read_changes()
        due = {scope for scope in self._scopes if self._is_due(scope)}
        if changed or due:
            self._worked = True
            with metrics.RANKING_SECONDS.time():
                await self._publish(due)
        await self._confirm()

    def _is_due(self, scope: Scope) -> bool:
        return monotonic() - self._published_at.get(scope, float("-inf")) > _AGAIN_AFTER_S

    async def _publish(self, due: set[Scope]) -> None:
        items = await self._reader.rankings(int(now().timestamp()) // 60)
        wanted = [
            scope for scope in self._scopes if scope in due or has_changed(self._published.get(scope), items[scope])
        ]
        await self._send(wanted, items)

    async def _send(self, wanted: Sequence[Scope], items: Mapping[Scope, tuple[RankedArticle, ...]]) -> None:
        computed_at = self._current_at if is_stale(self._current_at, now()) else now()
        covers = {str(number): state.position for number, state in enumerate(self._reader.states)}
        rankings = [
            RankingComputed(
                window=window, section=section, computed_at=computed_at, items=items[window, section], covers=covers
            )
            for window, section in wanted
        ]
        if not rankings:
            return
        await self._producer.send(*(encode(ranking) for ranking in rankings))
        metrics.RANKINGS_PUBLISHED.inc(len(rankings))
        for scope in wanted:
            self._published[scope] = items[scope]
            self._published_at[scope] = monotonic()

    async def _confirm(self) -> None:
        if monotonic() - self._asked_at >= (_ASK_AGAIN_AFTER_S if self._asked else self._fresh_s):
            self._asked_at, at = monotonic(), now()
            self._asked = at, await self._ends()
        if self._asked is None or self._reader.is_behind:
            return
        at, ends = self._asked
        if has_counted(self._reader.states, ends, self._log_id()):
            await self._producer.send(encode(RankingsChecked(checked_at=at)))
            self._asked, self._current_at = None, at


def is_alone(partitions: Sequence[tuple[str, int]]) -> bool:
    """Whether the holder of these partitions is the only counter: it holds all of views.v1."""
    return sum(topic == topics.VIEWS.name for topic, _ in partitions) == topics.VIEWS.partitions


def is_leader(partitions: Sequence[tuple[str, int]]) -> bool:
    """Whether the holder of these partitions ranks."""
    return (topics.VIEWS.name, 0) in partitions
