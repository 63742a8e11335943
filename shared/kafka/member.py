"""One member of a consumer group, for the life of one aiokafka client.

Offsets are explicit; a batch is applied before its offset is committed; partitions are paused until their position is
known; whatever was fetched from a log that has since been replaced is dropped.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, time

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from aiokafka.structs import ConsumerRecord

from shared.errors import LogReplaced, Unavailable
from shared.events import Record
from shared.kafka.client import LogIdentity, as_record, bounded, client_options, stop_consumer, take_apart
from shared.kafka.offset_gaps import OffsetGaps
from shared.kafka.pace import Pace
from shared.kafka.quirks import set_fetch_wait
from shared.kafka.sinks import Batch, Check, Confirmation, Gap, Sink
from shared.process import metrics
from shared.settings import Settings

_log = structlog.get_logger(__name__)

_POLL_MS = 200
_POLL_AT_REST_MS = 1000
_ASK_EVERY_S = 2.0
_START_S = 10.0
# A rebalance ends within twice the drain's bound, or at the session time-out of a member that died: whoever waits longer
# for partitions has lost the broker.
_REBALANCE_S = 20.0
_SILENT_S = 5.0
_DRAIN_S = 5.0
_LOOK_AGAIN_S = 0.5
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 2.0

Fetched = Mapping[TopicPartition, Sequence["ConsumerRecord[bytes | None, bytes | None]"]]


@dataclass(frozen=True)
class Membership:
    """What a member consumes and for whom; `stopping` ends it.

    `moved` is told whenever it gets on, `waits` whenever a neighbour that is away keeps it from getting on.
    """

    settings: Settings
    group: str
    topics: Sequence[str]
    sink: Sink
    most_records: int
    rest_ms: int
    identity: LogIdentity
    stopping: asyncio.Event
    moved: Callable[[], None]
    waits: Callable[[], None]


class Member(ConsumerRebalanceListener):
    """The life of one aiokafka consumer, from its start to the error or the stop that ends it."""

    def __init__(self, membership: Membership, log_id: str) -> None:
        settings = membership.settings
        self._membership = membership
        self._sink = membership.sink
        self._log_id = log_id
        self._consumer = AIOKafkaConsumer(
            **client_options(settings.kafka),
            group_id=membership.group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=max(settings.session_timeout_ms // 4, 300),
            rebalance_timeout_ms=int(_DRAIN_S * 2000),
            max_poll_interval_ms=300_000,
            request_timeout_ms=40_000,
            fetch_max_wait_ms=settings.kafka_fetch_wait_ms,
            max_partition_fetch_bytes=1_048_576,
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        )
        self._pace = Pace(settings.kafka_fetch_wait_ms, membership.rest_ms)
        self._next: dict[TopicPartition, int] = {}
        self._uncommitted: dict[TopicPartition, int] = {}
        self._holes = OffsetGaps(settings.kafka_hole_wait_ms / 1000)
        self._working = asyncio.Lock()
        self._failure: BaseException | None = None
        self._epoch = 0  # counts assignments: what was fetched under one is not applied under the next
        self._committed_at = 0.0
        self._asked_at = monotonic()
        self._closing = self._group_is_gone = False
        self.placed = False

    async def run(self) -> None:
        """Consume until the runner stops. Raises Unavailable, LogReplaced, and whatever else comes out of the sink."""
        async with bounded(_START_S, "consumer start"):
            await self._consumer.start()
            missing = set(self._membership.topics) - await self._consumer.topics()
        if missing:
            # Subscribed to, it would be looked for in a loop without a pause (FIELD-NOTES 1.1, calfkit-sdk#328).
            raise Unavailable(f"Kafka: there is no topic {', '.join(sorted(missing))}")
        self._consumer.subscribe(self._membership.topics, listener=self)
        while not self._membership.stopping.is_set():
            await self._turn()
        await self._commit(everything=True)

    async def _turn(self) -> None:
        # getmany stays outside the lock: a rebalance waits for the lock and getmany waits for the rebalance.
        found = await self._fetch()
        epoch = self._epoch
        self._set_pace(is_active=bool(found))
        if self._failure is not None:
            raise self._failure
        if found:
            await self._apply_all(found, epoch)
        elif self._membership.identity.is_due(at_rest=self._pace.is_at_rest):
            await self._verify()
        if not found and monotonic() - self._asked_at > _ASK_EVERY_S:
            await self._follow_the_strayed()
        if beyond := await self._beyond_the_end():
            await self._set_in_range(beyond)
        await self._commit()
        self._note_progress(idle=not found)

    async def _apply_all(self, found: Fetched, epoch: int) -> None:
        confirm = Confirmation(self._verify)
        if not self._sink.confirms:
            await confirm()
        async with self._working:
            for partition, records in found.items():
                await self._apply(partition, [as_record(record) for record in records], epoch, confirm)
        await confirm()

    def _set_pace(self, *, is_active: bool) -> None:
        if is_active:
            self._pace.note_activity()
        set_fetch_wait(self._consumer, self._pace.wait_ms)

    async def _fetch(self) -> Fetched:
        try:
            return await self._getmany()
        except OffsetOutOfRangeError as error:
            await self._set_in_range(list(error.args[0]))
        except NoOffsetForPartitionError:
            await asyncio.sleep(_POLL_MS / 1000)  # the assignment callback has not said yet where to go on
        except KafkaError as error:
            raise Unavailable(f"Kafka: fetch: {error!r}") from error
        return {}

    async def _getmany(self) -> Fetched:
        # getmany waits through a rebalance whatever its time-out says. It is only given up together with the session.
        poll_ms = _POLL_AT_REST_MS if self._pace.is_at_rest else _POLL_MS
        fetching = asyncio.ensure_future(
            self._consumer.getmany(timeout_ms=poll_ms, max_records=self._membership.most_records)
        )
        stopping = asyncio.ensure_future(self._membership.stopping.wait())
        try:
            await asyncio.wait({fetching, stopping}, timeout=_REBALANCE_S, return_when=asyncio.FIRST_COMPLETED)
            if fetching.done():
                return fetching.result()
            if stopping.done():
                return {}
            raise Unavailable(f"Kafka: no partitions were assigned within {_REBALANCE_S:g} s")
        finally:
            fetching.cancel()
            stopping.cancel()

    async def _apply(self, partition: TopicPartition, records: Sequence[Record], epoch: int, confirm: Check) -> None:
        start = self._next.get(partition)
        if epoch != self._epoch or start is None:
            return  # taken away while these were on their way; whoever has it now, this member again perhaps, was placed
        if records[0].offset < start:
            self._set(partition, start)
            return
        fetched, records = records, self._holes.joined(partition, start, records)
        if not records:
            self._set(partition, start)
            return
        end = records[-1].offset + 1
        batch = Batch(partition.topic, partition.partition, start, end, records, self._log_id, confirm)
        try:
            await self._apply_until_it_is_done(batch, epoch)
        except Gap as gap:
            if epoch != self._epoch:
                return  # lost while it was applied: where to go on is the next owner's affair
            _log.info("consumer.gap", topic=partition.topic, partition=partition.partition, position=gap.position)
            self._set(partition, gap.position)
            return
        if epoch != self._epoch:
            return  # the drain was cut: the position is the next owner's affair
        self._next[partition] = self._uncommitted[partition] = batch.end
        if len(records) < len(fetched):
            self._set(partition, batch.end)
        self._membership.moved()
        metrics.RECORDS.labels(partition.topic).inc(len(records))
        metrics.EVENT_AGE.labels(partition.topic).set(max(0.0, time() - records[-1].timestamp_ms / 1000))

    async def _apply_until_it_is_done(self, batch: Batch, epoch: int) -> None:
        # A store that is away for a moment is no reason to leave the group: that would stop every other member as well.
        wait_s = _FIRST_WAIT_S
        while epoch == self._epoch:
            try:
                await self._sink.apply(batch)
                return
            except Unavailable as error:
                if self._membership.stopping.is_set():
                    raise
                _log.warning("batch.retried", topic=batch.topic, partition=batch.partition, reason=str(error))
                self._membership.waits()
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                await self._verify()

    async def _follow_the_strayed(self) -> None:
        async with self._working:
            standing = {(partition.topic, partition.partition): at for partition, at in self._next.items()}
            self._asked_at, epoch = monotonic(), self._epoch
            try:
                strayed = await self._sink.strayed(standing)
            except Unavailable as error:
                _log.warning("consumer.cannot_ask", reason=str(error))
                return
            if epoch != self._epoch:
                return
            for (topic, partition), position in strayed.items():
                _log.warning("consumer.strayed", topic=topic, partition=partition, position=position)
                self._set(TopicPartition(topic, partition), position)

    def _set(self, partition: TopicPartition, position: int) -> None:
        self._next[partition] = position
        if partition in self._consumer.assignment():
            self._consumer.seek(partition, position)

    async def _verify(self) -> None:
        current = await self._membership.identity.current()
        if current != self._log_id:
            self._group_is_gone = True
            raise LogReplaced(f"the log {self._log_id} was replaced by {current}")

    async def _beyond_the_end(self) -> list[TopicPartition]:
        # Kafka calls a fetch from there out of range; the embedded broker answers it with nothing, for ever.
        beyond = [partition for partition in self._next if self._is_beyond(partition, self._highwater(partition))]
        # Fetched before this process slept, that end is an old one; and a leader that is new may lag behind for a moment.
        for wait_s in (0.0, _LOOK_AGAIN_S):
            if not beyond:
                break
            await asyncio.sleep(wait_s)
            async with bounded(10, "the log's end"):
                ends = await self._consumer.end_offsets(beyond)
            beyond = [partition for partition in beyond if self._is_beyond(partition, ends[partition])]
        return beyond

    def _is_beyond(self, partition: TopicPartition, end: int | None) -> bool:
        position = self._next.get(partition)
        return position is not None and end is not None and position > end

    async def _set_in_range(self, partitions: Sequence[TopicPartition]) -> None:
        epoch = self._epoch
        await self._verify()
        for partition in partitions:
            async with bounded(10, "the log's beginning"):
                beginning = (await self._consumer.beginning_offsets([partition]))[partition]
            if epoch != self._epoch:
                return  # taken away meanwhile: what the sink has is the next owner's affair
            position = await self._sink.out_of_range(partition.topic, partition.partition, beginning)
            if epoch != self._epoch:
                return
            self._set(partition, position)

    async def _commit(self, *, everything: bool = False) -> None:
        if not self._uncommitted or (not everything and monotonic() - self._committed_at < 1.0):
            return
        assigned = self._consumer.assignment()
        offsets = {partition: end for partition, end in self._uncommitted.items() if partition in assigned}
        self._uncommitted.clear()
        self._committed_at = monotonic()
        if not offsets:
            return
        await self._verify()  # an offset in one log is nonsense in another
        try:
            async with bounded(10, "commit"):
                await self._consumer.commit(offsets)
        except Unavailable as error:
            if not isinstance(error.__cause__, (CommitFailedError, IllegalStateError)):
                raise
            # Not ours any more: the new owner goes on from what was committed before and drops what it has seen.
            _log.info("consumer.commit_refused", reason=str(error))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """aiokafka's word that partitions are ours: they wait until it is known where to go on."""
        # Before any await: aiokafka may hand out records from the committed offset while this callback waits.
        self._consumer.pause(*assigned)
        self._set_pace(is_active=True)
        self._epoch += 1
        if self._closing:
            return  # a session that has ended may still be given partitions while it leaves: they are not its affair
        try:
            await self._verify()
            await self._place(list(assigned))
            self._consumer.resume(*assigned)
            self.placed = True
        except Exception as error:
            # aiokafka swallows what a listener raises; the next turn of the loop raises it.
            self._failure = error
        metrics.REBALANCES.inc()
        self._membership.moved()

    async def _place(self, assigned: Sequence[TopicPartition]) -> None:
        keys = [(partition.topic, partition.partition) for partition in assigned]
        known = await self._sink.positions(keys, self._log_id)
        for partition in assigned:
            position = known.get((partition.topic, partition.partition))
            if position is None:
                position = await self._committed(partition)
            self._set(partition, position)
        _log.info("consumer.assigned", group=self._membership.group, partitions=len(assigned))

    async def _committed(self, partition: TopicPartition) -> int:
        async with bounded(10, "the committed offset"):
            committed = await self._consumer.committed(partition)
            if committed is not None:
                return int(committed)
            return int((await self._consumer.beginning_offsets([partition]))[partition])

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """aiokafka's word that they are not: what is being applied is finished and committed, within a time."""
        try:
            async with asyncio.timeout(_DRAIN_S):
                async with self._working:
                    await self._commit(everything=True)
        except (TimeoutError, Unavailable) as error:
            _log.warning("consumer.drain_cut", reason=repr(error))
        except Exception as error:
            self._failure = error
        self._epoch += 1
        self.placed = False
        self._next.clear()
        self._uncommitted.clear()
        for partition in revoked:
            with suppress(KeyError):
                metrics.LAG.remove(partition.topic, str(partition.partition))

    def _note_progress(self, *, idle: bool) -> None:
        for partition in self._next:
            high = self._highwater(partition)
            if high is not None:
                behind = max(0, high - self._next[partition])
                metrics.LAG.labels(partition.topic, partition.partition).set(behind)
        if idle and self._hears() and not self.lag():
            self._membership.moved()

    def _hears(self) -> bool:
        """Whether every partition was fetched from of late: the end of a log that nobody fetches is no end."""
        polled = [self._consumer.last_poll_timestamp(partition) for partition in self._consumer.assignment()]
        return all(moment is not None and time() - moment / 1000 < _SILENT_S for moment in polled)

    def _highwater(self, partition: TopicPartition) -> int | None:
        if partition not in self._consumer.assignment():
            return None
        high = self._consumer.highwater(partition)
        return None if high is None else int(high)

    def lag(self) -> int | None:
        """Records that are not applied, over the partitions held; None while that is not known."""
        behind = 0
        for partition, position in self._next.items():
            high = self._highwater(partition)
            if high is None:
                return None
            behind += max(0, high - position)
        return behind

    def held(self) -> tuple[tuple[str, int], ...]:
        """The partitions held now."""
        return tuple(sorted((partition.topic, partition.partition) for partition in self._next))

    async def close(self) -> None:
        """Leave the group."""
        self._closing = True
        if self._group_is_gone:
            # The new broker knows neither the group nor this member: a goodbye would only be waited for.
            return await take_apart(self._consumer)
        return await stop_consumer(self._consumer)
