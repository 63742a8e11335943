"""Kafka in: views become counts, articles become cards. The position is Redis' own, never the group's committed offset."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from services.popularity import metrics
from services.popularity.model.chunks import Chunk, View, collect, ends, fingerprint, read_view
from services.popularity.model.store import Applied, PartitionState, Store
from shared import topics
from shared.errors import InvalidMessage, Unavailable
from shared.events import (
    ArticleCorrected,
    ArticlePublished,
    ArticleState,
    ArticleWithdrawn,
    Erased,
    Event,
    PageViewed,
    Record,
    ViewsAdjusted,
    decode,
)
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.dispatch import by_topic
from shared.kafka.log_probe import NoRecord, probe
from shared.kafka.sinks import Batch, Partition, PositionDiffers

_log = structlog.get_logger(__name__)

# Some milliseconds of the loop.
_READ_AT_ONCE = 100


class LogRefused(Unavailable):
    """The log is not the one that was counted, and the operator has not allowed its adoption."""


class CounterSink:
    """Applies views.v1 and articles.v1 to the store. `on_change` is called when counts or articles may have changed.

    A batch that is retried changes nothing twice: Redis applies views by position, articles by version.
    """

    confirms = True
    batch_limit: int | None = None

    def __init__(
        self,
        store: Store,
        dead_letters: DeadLetters,
        *,
        bootstrap: str,
        adopts: bool,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._bootstrap = bootstrap
        self._adopts = adopts
        self._on_change = on_change
        self._handlers = by_topic(SUBSCRIPTIONS)
        self.log_id = ""
        self.refusal: str | None = None

    async def positions(self, partitions: Sequence[Partition], log_id: str) -> Mapping[Partition, int | None]:
        """Redis' positions in this log. Raises LogRefused when Redis has a position in another log and may not adopt this one."""
        states = {partition: await self._store.state(*partition) for partition in partitions}
        recreated = await self._find_recreated(states, log_id)
        found: dict[Partition, int | None] = {}
        for partition, state in states.items():
            found[partition] = await self._position(partition, state, log_id, recreated=partition in recreated)
        self.log_id, self.refusal = log_id, None
        metrics.LOG_REFUSED.set(0)
        self._on_change()
        return found

    async def _find_recreated(self, states: Mapping[Partition, PartitionState], log_id: str) -> set[Partition]:
        known = {
            partition: state
            for partition, state in states.items()
            if state.log == log_id and state.fingerprint and state.position > 0
        }
        return await find_recreated(self._bootstrap, known) if known else set()

    async def _position(self, partition: Partition, state: PartitionState, log_id: str, *, recreated: bool) -> int:
        if state.log == log_id and not recreated:
            return state.position
        if state.log:
            self._check_adoption(partition, state, log_id)
            metrics.LOGS_ADOPTED.inc()
            _log.warning("log.adopted", topic=partition[0], partition=partition[1], log=log_id, was=state.log)
        return await self._store.adopt_log(*partition, log_id, instead_of=state if recreated else None)

    def _check_adoption(self, partition: Partition, state: PartitionState, log_id: str) -> None:
        # Articles have versions, so another log of them can be read from its beginning without harm.
        if self._adopts or partition[0] == topics.ARTICLES.name:
            return
        self.refusal = (
            f"{partition[0]}/{partition[1]} is not the log that was counted so far (known: {state.log} at "
            f"{state.position}; found: {log_id}). If views may be counted from it, run: world-monitor adopt-log"
        )
        metrics.LOG_REFUSED.set(1)
        raise LogRefused(self.refusal)

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        """The log begins after our position (retention deleted records: count the loss), or ends before it (recreated).

        Or neither: a counter that was suspended may hold an old end of the log, while another counter went on. So probe the
        log before starting over.
        """
        state = await self._store.state(topic, partition)
        if state.position > beginning:
            key = (topic, partition)
            recreated = key in await find_recreated(self._bootstrap, {key: state}, ended_before=True)
            return await self._position(key, state, state.log, recreated=recreated)
        lost = beginning - state.position if state.fingerprint else 0
        if lost and topic == topics.VIEWS.name:
            metrics.VIEWS_LOST.inc(lost)
            _log.critical(
                "views.lost", partition=partition, count=lost, reason="retention deleted views before they were counted"
            )
        if beginning > state.position:
            await self._store.apply(topic, partition, state.log, Chunk(state.position, beginning, 0, ""))
        return beginning

    async def differing_positions(self, held: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Partitions at another position of this log in Redis, as after a restore from an older copy."""
        states = dict(zip(held, await self._store.states_of(list(held)), strict=True))
        return {
            partition: state.position
            for partition, state in states.items()
            if state.log == self.log_id and state.position != held[partition]
        }

    async def apply(self, batch: Batch) -> None:
        """Apply a batch. Raises PositionDiffers when Redis is at another position."""
        await self._handlers[batch.topic](self, batch)
        self._on_change()

    async def apply_views(self, batch: Batch) -> None:
        """Count views; send bad records to the dead letters. While Redis applies a chunk, the next one is read or fetched."""
        first, start, applying = 0, batch.start, None
        try:
            for last in ends(batch.records):
                chunk = collect(start, await self._read(batch, first, last))
                if applying is not None:
                    await applying
                await batch.confirm()
                applying = asyncio.ensure_future(self._apply_chunk(batch, chunk))
                first, start = last, chunk.end
            await asyncio.sleep(0)  # the last chunk is sent
            batch.read_ahead()
        finally:
            if applying is not None:
                await applying

    async def _apply_chunk(self, batch: Batch, chunk: Chunk) -> None:
        applied = await self._store.apply(batch.topic, batch.partition, batch.log_id, chunk)
        await self._check(batch, chunk, applied)

    async def _read(self, batch: Batch, first: int, last: int) -> list[tuple[Record, View | None]]:
        read: list[tuple[Record, View | None]] = []
        for begin in range(first, last, _READ_AT_ONCE):
            await self._read_some(batch, begin, min(begin + _READ_AT_ONCE, last), read)
            await asyncio.sleep(0)  # others use the loop: what goes to Redis is sent
        return read

    async def _read_some(self, batch: Batch, first: int, last: int, read: list[tuple[Record, View | None]]) -> None:
        good = 0
        for record in batch.records[first:last]:
            try:
                read.append((record, read_view(record)))
                good += 1
            except InvalidMessage as error:
                self._dead_letters.passed(good)
                good = 0
                await batch.confirm()
                await self._dead_letters.put(record, str(error))
                read.append((record, None))
        self._dead_letters.passed(good)

    async def apply_articles(self, batch: Batch) -> None:
        """Store articles' states, each by its version, then advance the position."""
        await batch.confirm()
        for record in batch.records:
            try:
                event = decode(record)
                if isinstance(event, (ArticleState, Erased)):
                    await self._store.upsert_article(event)
            except InvalidMessage as error:
                await self._dead_letters.put(record, str(error))
            else:
                self._dead_letters.passed()
        chunk = Chunk(batch.start, batch.end, 0, fingerprint(batch.records[-1]))
        await self._check(batch, chunk, await self._store.apply(batch.topic, batch.partition, batch.log_id, chunk))

    async def _check(self, batch: Batch, chunk: Chunk, applied: Applied) -> None:
        metrics.CHUNKS_APPLIED.labels(applied.status).inc()
        if applied.status == "OK":
            metrics.VIEWS_COUNTED.inc(applied.counted)
            metrics.VIEWS_REPEATED.inc(len(chunk.views) - applied.counted - applied.dropped)
            return
        if applied.status == "ALREADY" and applied.position == chunk.end:
            return
        if applied.status in ("WRONG_LOG", "UNKNOWN"):
            raise PositionDiffers(await self._replace(batch))
        raise PositionDiffers(applied.position)

    async def _replace(self, batch: Batch) -> int:
        partition = (batch.topic, batch.partition)
        state = await self._store.state(*partition)
        return await self._position(partition, state, batch.log_id, recreated=False)


async def find_recreated(
    bootstrap: str, known: Mapping[Partition, PartitionState], *, ended_before: bool = False
) -> set[Partition]:
    """Partitions whose last applied record is not at its offset any more: the cluster has another log.

    Compaction may have deleted the last record of a state topic, so its absence counts there only with `ended_before`.
    """
    found = await probe(bootstrap, {partition: state.position - 1 for partition, state in known.items()})
    recreated = set()
    for partition, state in known.items():
        record = found[partition]
        compacted = partition[0] == topics.ARTICLES.name
        if record is NoRecord.EMPTIED:
            continue  # it may be the same log, and an empty log has nothing to count twice
        if record is NoRecord.PAST_THE_END:
            if ended_before or not compacted:
                recreated.add(partition)
        elif record.offset == state.position - 1 and state.fingerprint not in ("", fingerprint(record)):
            recreated.add(partition)
    return recreated


SUBSCRIPTIONS: Mapping[type[Event], Callable[[CounterSink, Batch], Awaitable[None]]] = {
    PageViewed: CounterSink.apply_views,
    ViewsAdjusted: CounterSink.apply_views,
    ArticlePublished: CounterSink.apply_articles,
    ArticleCorrected: CounterSink.apply_articles,
    ArticleWithdrawn: CounterSink.apply_articles,
}
