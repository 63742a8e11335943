"""Kafka in: follows articles.v1 into the index. Every instance has its own index, so there is no consumer group."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import groupby
from time import perf_counter
from typing import TypeVar

import structlog

from services.search import metrics
from services.search.settings import SearchSettings
from services.search.store import LogPosition, SearchIndex
from shared.errors import InvalidMessage, Unavailable
from shared.events import (
    ArticleCorrected,
    ArticlePublished,
    ArticleState,
    ArticleWithdrawn,
    Erased,
    Event,
    Record,
    decode,
)
from shared.kafka.tail import LogTail
from shared.topics import ARTICLES

_log = structlog.get_logger(__name__)
T = TypeVar("T")

# A commit costs 20 to 100 ms, whatever its size. While the index is far behind the log, few commits are enough.
_COMMIT_EVERY = 10_000
SILENT_S = 5.0


class Follower:
    """Reads articles.v1 from the index's position on, or from the beginning of another log.

    A log that replaced the known one is read whole while the index goes on serving: the index drops versions that it has.
    Changes are committed as soon as the end of the log is reached.
    """

    def __init__(self, settings: SearchSettings, index: SearchIndex) -> None:
        self._index = index
        self._waiting: list[Record] = []
        self._position = index.position
        self.is_whole = bool(index.position.log)
        """Whether the index may be searched: at once if it was filled before, else after the first reading."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="indexing")
        self.applied = 0
        self._tail = LogTail(
            settings,
            from_beginning=[ARTICLES],
            apply=self._waiting.append,
            reset=self._waiting.clear,
            resume=self._resume,
            settle=self._settle,
        )

    async def run(self) -> None:
        """Follow until cancelled; finishes the work in the thread before it returns."""
        try:
            await self._tail.run()
        finally:
            await asyncio.to_thread(self._thread.shutdown)

    @property
    def caught_up(self) -> bool:
        """Whether every article that was in the log at the time of the connection can be found."""
        return self._tail.caught_up.is_set() and not self._index.uncommitted and not self._waiting

    @property
    def is_current(self) -> bool:
        """Whether the log is followed, and everything in it can be found."""
        return self.is_whole and self.caught_up and self._tail.silent_for_s() <= SILENT_S

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while the log is not followed, or during the first reading."""
        if self._tail.silent_for_s() > SILENT_S:
            raise Unavailable(f"no answer from articles.v1 for {self._tail.silent_for_s():.0f} s")
        if not (self.is_whole and self._tail.caught_up.is_set()):
            raise Unavailable(f"the first reading of the log goes on; {self.applied} states so far")
        return {"log": self._position.log, "documents": self._index.size}

    def _resume(self, log_id: str) -> Mapping[tuple[str, int], int]:
        if self._position.log != log_id:
            _log.info("search.reads_anew", log=log_id, known=self._position.log)
            self._position = LogPosition(log_id)
        return {(ARTICLES.name, number): at for number, at in self._position.positions.items()}

    async def _settle(self) -> None:
        records = self._waiting.copy()
        self._waiting.clear()
        if records:
            await self._in_thread(lambda: self._apply(records))
        if self._index.uncommitted >= _COMMIT_EVERY or (self._tail.caught_up.is_set() and self._is_behind):
            await self._in_thread(lambda: self._commit(records))
        self.is_whole = self.is_whole or (self._tail.caught_up.is_set() and not self._is_behind)

    @property
    def _is_behind(self) -> bool:
        return bool(self._index.uncommitted) or self._position != self._index.position

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # Shielded: after a cancellation the index is closed, and the thread must not work on it then.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, work))

    def _apply(self, records: Sequence[Record]) -> None:
        runs = groupby(_read(records), key=lambda event: SUBSCRIPTIONS[type(event)])
        taken = sum(handler(self._index, events) for handler, events in runs)
        metrics.INDEXED.inc(taken)
        metrics.OUTDATED.inc(len(records) - taken)
        self.applied += len(records)
        ends = {record.partition: record.offset + 1 for record in records}
        self._position = LogPosition(self._position.log, {**self._position.positions, **ends})

    def _commit(self, newest: Sequence[Record]) -> None:
        started = perf_counter()
        self._index.commit(self._position)
        metrics.COMMIT_SECONDS.observe(perf_counter() - started)
        metrics.ARTICLES.set(self._index.size)
        moment = datetime.now(UTC).timestamp()
        for record in newest[-100:]:
            metrics.VISIBLE_SECONDS.observe(max(0.0, moment - record.timestamp_ms / 1000))


def _read(records: Sequence[Record]) -> Iterator[ArticleState | Erased]:
    for record in records:
        try:
            event = decode(record)
        except InvalidMessage as error:
            # No dead letter: the projector sends it once, and each instance of search would send it again.
            metrics.UNREADABLE.inc()
            _log.error("search.unreadable", partition=record.partition, offset=record.offset, reason=str(error))
            continue
        if isinstance(event, (ArticleState, Erased)):
            yield event


SUBSCRIPTIONS: Mapping[type[Event], Callable[[SearchIndex, Iterable[ArticleState | Erased]], int]] = {
    ArticlePublished: SearchIndex.apply,
    ArticleCorrected: SearchIndex.apply,
    ArticleWithdrawn: SearchIndex.apply,
    Erased: SearchIndex.apply,
}
