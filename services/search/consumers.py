"""Kafka in: keeps an index in step with articles.v1, in no consumer group, each instance for itself."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import perf_counter
from typing import TypeVar

import structlog

from services.search import metrics
from services.search.settings import SearchSettings
from services.search.store import Place, SearchIndex
from shared.errors import InvalidMessage, Unavailable
from shared.events import ArticleState, Erased, Record, decode
from shared.kafka.tail import LogTail
from shared.topics import ARTICLES

_log = structlog.get_logger(__name__)
T = TypeVar("T")

# A commit costs 20 to 100 ms, however much is in it: while the index is far behind the log, seldom is enough.
_COMMIT_EVERY = 10_000
SILENT_S = 5.0


class Follower:
    """Reads articles.v1 on from where the index stands, or from the beginning when that is another log.

    A log that replaced the known one is read whole while the index goes on serving: what it tells again is known by its
    version and changes nothing. Changes are committed as soon as the end of the log is reached.
    """

    def __init__(self, settings: SearchSettings, index: SearchIndex) -> None:
        self._index = index
        self._waiting: list[Record] = []
        self._place = index.place
        self.is_whole = bool(index.place.log)
        """Whether the index may be searched: one that was begun before may at once, an empty one has to be filled first."""
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="indexing")
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
        """Follow until cancelled; what is under way in the thread is finished before it returns."""
        try:
            await self._tail.run()
        finally:
            await asyncio.to_thread(self._hand.shutdown)

    @property
    def caught_up(self) -> bool:
        """Whether all that was in the log when it was connected to can be found."""
        return self._tail.caught_up.is_set() and not self._index.uncommitted and not self._waiting

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while the log is not followed, or the first reading goes on."""
        if self._tail.silent_for_s() > SILENT_S:
            raise Unavailable(f"articles.v1 has not been heard for {self._tail.silent_for_s():.0f} s")
        if not (self.is_whole and self._tail.caught_up.is_set()):
            raise Unavailable(f"the log is still being read; {self.applied} states so far")
        return {"log": self._place.log, "documents": self._index.size}

    def _resume(self, log_id: str) -> Mapping[tuple[str, int], int]:
        if self._place.log != log_id:
            _log.info("search.reads_anew", log=log_id, known=self._place.log)
            self._place = Place(log_id)
        return {(ARTICLES.name, number): at for number, at in self._place.positions.items()}

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
        return bool(self._index.uncommitted) or self._place != self._index.place

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # Shielded: a cancelled follower must not leave a thread at work on an index that is being closed.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._hand, work))

    def _apply(self, records: Sequence[Record]) -> None:
        taken = self._index.apply(_read(records))
        metrics.INDEXED.inc(taken)
        metrics.OUTDATED.inc(len(records) - taken)
        self.applied += len(records)
        ends = {record.partition: record.offset + 1 for record in records}
        self._place = Place(self._place.log, {**self._place.positions, **ends})

    def _commit(self, newest: Sequence[Record]) -> None:
        started = perf_counter()
        self._index.commit(self._place)
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
            # The projector puts it into the dead-letter topic, once; each instance of search would put it there again.
            metrics.UNREADABLE.inc()
            _log.error("search.unreadable", partition=record.partition, offset=record.offset, reason=str(error))
            continue
        if isinstance(event, (ArticleState, Erased)):
            yield event
