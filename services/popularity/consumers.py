"""Kafka in: views into counters, articles into cards. Redis says where to go on, never the group's committed offset."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from services.popularity import metrics
from services.popularity.rules import Chunk, View, fingerprint, merge, read_view
from services.popularity.store import Applied, PartitionState, Store
from shared import topics
from shared.errors import InvalidMessage, Unavailable
from shared.events import ArticleState, Erased, Record, decode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.log_probe import Nothing, peek
from shared.kafka.sinks import Batch, Gap

_log = structlog.get_logger(__name__)

Partition = tuple[str, int]


class LogRefused(Unavailable):
    """Another log than the known one is there, and nobody has said that it may be taken up."""


class CounterSink:
    """Applies views.v1 and articles.v1 to the store. `on_change` is called whenever counts or articles may have changed."""

    confirms = False

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
        self.log_id = ""
        self.refusal: str | None = None

    async def positions(self, partitions: Sequence[Partition], log_id: str) -> Mapping[Partition, int | None]:
        """Where Redis stands in this log. Raises LogRefused when Redis stands in another and may not change."""
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
        # Articles carry versions: reading another log of them from its beginning changes nothing that is known already.
        if self._adopts or partition[0] == topics.ARTICLES.name:
            return
        self.refusal = (
            f"{partition[0]}/{partition[1]} is not the log that was counted so far (known: {state.log} at "
            f"{state.position}; there now: {log_id}). If views may be counted from it, run: "
            "python -m services.popularity adopt-log"
        )
        metrics.LOG_REFUSED.set(1)
        raise LogRefused(self.refusal)

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        """The log begins after our position (retention outran us: counted as lost), or ends before it (recreated).

        Or neither: whoever slept may take a position that another counter has reached for one that the log never had. So
        the log itself is asked before it is started over.
        """
        state = await self._store.state(topic, partition)
        if state.position > beginning:
            here = (topic, partition)
            recreated = here in await find_recreated(self._bootstrap, {here: state}, ended_before=True)
            return await self._position(here, state, state.log, recreated=recreated)
        lost = beginning - state.position if state.fingerprint else 0
        if lost and topic == topics.VIEWS.name:
            metrics.VIEWS_LOST.inc(lost)
            _log.critical(
                "views.lost", partition=partition, count=lost, reason="the log's retention outran the counter"
            )
        if beginning > state.position:
            await self._store.apply(topic, partition, state.log, Chunk(state.position, beginning, 0, ""))
        return beginning

    async def strayed(self, standing: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """The partitions that Redis has at another position in this log: it was set back to an older copy."""
        states = dict(zip(standing, await self._store.states_of(list(standing)), strict=True))
        return {
            partition: state.position
            for partition, state in states.items()
            if state.log == self.log_id and state.position != standing[partition]
        }

    async def apply(self, batch: Batch) -> None:
        """Apply a batch; Gap when Redis stands elsewhere."""
        await APPLY[batch.topic](self, batch)
        self._on_change()

    async def apply_views(self, batch: Batch) -> None:
        """Count views; bad records go aside while their neighbours count."""
        read = await self._read(batch.records)
        for chunk in merge(batch.start, read):
            applied = await self._store.apply(batch.topic, batch.partition, batch.log_id, chunk)
            await self._judge(batch, chunk, applied)

    async def _read(self, records: Sequence[Record]) -> list[tuple[Record, View | None]]:
        read: list[tuple[Record, View | None]] = []
        good = 0
        for record in records:
            try:
                read.append((record, read_view(record)))
                good += 1
            except InvalidMessage as error:
                self._dead_letters.passed(good)
                good = 0
                await self._dead_letters.put(record, str(error))
                read.append((record, None))
        self._dead_letters.passed(good)
        return read

    async def apply_articles(self, batch: Batch) -> None:
        """Take in articles' states, each by its version, then move the position."""
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
        await self._judge(batch, chunk, await self._store.apply(batch.topic, batch.partition, batch.log_id, chunk))

    async def _judge(self, batch: Batch, chunk: Chunk, applied: Applied) -> None:
        metrics.CHUNKS_APPLIED.labels(applied.status).inc()
        if applied.status == "OK":
            metrics.VIEWS_COUNTED.inc(applied.counted)
            metrics.VIEWS_REPEATED.inc(len(chunk.views) - applied.counted)
            return
        if applied.status == "ALREADY" and applied.position == chunk.end:
            return
        if applied.status in ("WRONG_LOG", "UNKNOWN"):
            raise Gap(await self._replace(batch))
        raise Gap(applied.position)

    async def _replace(self, batch: Batch) -> int:
        partition = (batch.topic, batch.partition)
        state = await self._store.state(*partition)
        return await self._position(partition, state, batch.log_id, recreated=False)


async def find_recreated(
    bootstrap: str, known: Mapping[Partition, PartitionState], *, ended_before: bool = False
) -> set[Partition]:
    """Partitions whose last applied record is not where it was: another log stands under the same cluster's name.

    Compaction may have taken the last record of a state topic; with `ended_before` its absence counts there as well.
    """
    found = await peek(bootstrap, {partition: state.position - 1 for partition, state in known.items()})
    recreated = set()
    for partition, state in known.items():
        record = found[partition]
        compacted = partition[0] == topics.ARTICLES.name
        if record is Nothing.EMPTIED:
            continue  # nothing speaks against its being the same log, and nothing is in it to be counted twice
        if record is Nothing.BEYOND:
            if ended_before or not compacted:
                recreated.add(partition)
        elif record.offset == state.position - 1 and state.fingerprint not in ("", fingerprint(record)):
            recreated.add(partition)
    return recreated


APPLY: Mapping[str, Callable[[CounterSink, Batch], Awaitable[None]]] = {
    topics.VIEWS.name: CounterSink.apply_views,
    topics.ARTICLES.name: CounterSink.apply_articles,
}
