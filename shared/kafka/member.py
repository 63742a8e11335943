"""One member of a consumer group, for the life of one aiokafka client.

Offsets are explicit. A batch is applied before its offset is committed. A partition is paused until its position is known.
Records fetched from a log that was replaced are dropped.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord

from shared.errors import LogReplaced, Unavailable
from shared.kafka.batches import Batches, StoppedWaiting
from shared.kafka.client import as_record, bounded, client_options, stop_consumer
from shared.kafka.membership import Membership
from shared.kafka.offset_gaps import OffsetGaps
from shared.kafka.pace import Pace
from shared.kafka.positions import Positions
from shared.kafka.quirks import is_alone_in_stable_group, set_fetch_wait, take_apart
from shared.kafka.sinks import Confirmation
from shared.process import metrics
from shared.settings import Settings

_log = structlog.get_logger(__name__)

_POLL_MS = 200
_POLL_AT_REST_MS = 1000
_CHECK_POSITIONS_EVERY_S = 2.0
_START_S = 10.0
# A rebalance ends within twice the drain's bound, or at the session timeout of a member that died. A member that waits longer
# for partitions has lost the broker.
_REBALANCE_S = 20.0
_DRAIN_S = 5.0
_LEAVE_CHECK_S = 1.0
# aiokafka leaves the group when nobody polls for this long. A member polls no more while it waits for a store, and keeps its
# partitions however long that takes; the runner's watchdog ends a member that is stuck.
_MAX_POLL_INTERVAL_S = 7 * 24 * 3600

Fetched = Mapping[TopicPartition, Sequence["ConsumerRecord[bytes | None, bytes | None]"]]


class Member(ConsumerRebalanceListener):
    """The life of one aiokafka consumer, from its start to an error or a stop."""

    def __init__(self, membership: Membership, log_id: str) -> None:
        settings = membership.settings
        self._membership = membership
        self._sink = membership.sink
        self._log_id = log_id
        self._consumer = _consumer(settings, membership.group)
        self._positions = Positions(self._consumer, self._verify)
        self._pace = Pace(settings.kafka_fetch_wait_ms, membership.rest_ms)
        gaps = OffsetGaps(settings.kafka_hole_wait_ms / 1000)
        self._batches = Batches(membership, self._positions, gaps, log_id, self._verify, self._read_ahead)
        self._ahead: asyncio.Task[Fetched] | None = None
        self._ahead_moves = 0
        self._applying = asyncio.Lock()
        self._failure: BaseException | None = None
        self._positions_checked_at = monotonic()
        self._is_closing = self._is_log_replaced = False
        self.is_assigned = False

    async def run(self) -> None:
        """Consume until the runner stops. Raises Unavailable, LogReplaced, and any other error of the sink."""
        async with bounded(_START_S, "consumer start"):
            await self._consumer.start()
            missing = set(self._membership.topics) - await self._consumer.topics()
        if missing:
            # aiokafka looks for a missing topic in a loop without a pause (calfkit-sdk#328).
            raise Unavailable(f"Kafka: missing topics: {', '.join(sorted(missing))}")
        self._consumer.subscribe(self._membership.topics, listener=self)
        try:
            with suppress(StoppedWaiting):
                while not self._membership.stopping.is_set():
                    await self._turn()
            await self._positions.commit(everything=True)
        finally:
            await self._drop_ahead()

    async def _turn(self) -> None:
        # getmany stays outside the lock: a rebalance waits for the lock, and getmany waits for the rebalance.
        fetched = await self._fetch()
        epoch = self._positions.epoch
        self._set_pace(is_active=bool(fetched))
        if self._failure is not None:
            raise self._failure
        if fetched:
            await self._apply_all(fetched, epoch)
        elif self._membership.identity.is_due(at_rest=self._pace.is_at_rest):
            await self._verify()
        if not fetched and monotonic() - self._positions_checked_at > _CHECK_POSITIONS_EVERY_S:
            await self._check_positions()
        if past := await self._positions.past_the_end():
            await self._reset_out_of_range(past)
        await self._positions.commit()
        self._positions.publish_lag()
        if not fetched and self._positions.is_at_the_end():
            self._membership.on_progress()

    def _set_pace(self, *, is_active: bool) -> None:
        if is_active:
            self._pace.note_activity()
        set_fetch_wait(self._consumer, self._pace.wait_ms)

    def _read_ahead(self) -> None:
        """Fetch the records of the next turn already."""
        if self._ahead is None:
            self._ahead_moves = self._positions.moves
            self._ahead = asyncio.create_task(self._getmany(), name="reads ahead")

    async def _next(self) -> Fetched:
        """The records that were fetched ahead, unless a position has changed since: then they may leave records out."""
        if self._ahead is None:
            return await self._getmany()
        ahead, self._ahead = self._ahead, None
        fetched = await ahead
        if self._ahead_moves == self._positions.moves:
            return fetched
        self._positions.return_to(fetched)
        return {}

    async def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.gather(self._ahead, return_exceptions=True)

    async def _fetch(self) -> Fetched:
        try:
            return await self._next()
        except OffsetOutOfRangeError as error:
            await self._reset_out_of_range(list(error.args[0]))
        except NoOffsetForPartitionError:
            await asyncio.sleep(_POLL_MS / 1000)  # the assignment callback has not set the position yet
        except KafkaError as error:
            raise Unavailable(f"Kafka: fetch: {error!r}") from error
        return {}

    async def _getmany(self) -> Fetched:
        # getmany ignores its timeout during a rebalance. It is cancelled only together with its consumer.
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

    async def _apply_all(self, fetched: Fetched, epoch: int) -> None:
        confirm = Confirmation(self._verify)
        if not self._sink.confirms:
            await confirm()
        async with self._applying:
            for partition, records in fetched.items():
                await self._batches.apply(partition, [as_record(record) for record in records], epoch, confirm)
        await confirm()

    async def _check_positions(self) -> None:
        async with self._applying:
            self._positions_checked_at, epoch = monotonic(), self._positions.epoch
            try:
                differing = await self._sink.differing_positions(self._positions.held)
            except Unavailable as error:
                _log.warning("consumer.position_check_failed", reason=str(error))
                return
            if epoch != self._positions.epoch:
                return
            for (topic, partition), position in differing.items():
                _log.warning("consumer.position_differs", topic=topic, partition=partition, position=position)
                self._positions.seek(TopicPartition(topic, partition), position)

    async def _verify(self) -> None:
        current = await self._membership.identity.current()
        if current != self._log_id:
            self._is_log_replaced = True
            raise LogReplaced(f"the log {self._log_id} was replaced by {current}")

    async def _reset_out_of_range(self, partitions: Sequence[TopicPartition]) -> None:
        epoch = self._positions.epoch
        await self._verify()
        for partition in partitions:
            beginning = await self._positions.beginning(partition)
            if epoch != self._positions.epoch:
                return  # revoked meanwhile: the sink's state belongs to the next owner
            position = await self._sink.out_of_range(partition.topic, partition.partition, beginning)
            if epoch != self._positions.epoch:
                return
            self._positions.seek(partition, position)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Called by aiokafka. Pause newly assigned partitions until their position is known."""
        # Before any await: aiokafka may hand out records from the committed offset while this callback waits.
        self._consumer.pause(*assigned)
        self._set_pace(is_active=True)
        self._positions.start_epoch()
        if self._is_closing:
            return  # a member that leaves may still be given partitions
        try:
            await self._verify()
            await self._place(assigned)
            self._consumer.resume(*assigned)
            self.is_assigned = True
        except Exception as error:
            # aiokafka swallows a listener's errors. The next turn of the loop raises this one.
            self._failure = error
        metrics.REBALANCES.inc()
        self._membership.on_progress()

    async def _place(self, assigned: Sequence[TopicPartition]) -> None:
        keys = [(partition.topic, partition.partition) for partition in assigned]
        known = await self._sink.positions(keys, self._log_id)
        for partition in assigned:
            position = known.get((partition.topic, partition.partition))
            if position is None:
                position = await self._positions.committed(partition)
            self._positions.seek(partition, position)
        _log.info("consumer.assigned", group=self._membership.group, partitions=len(assigned))

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Called by aiokafka. Finish the batch in progress and commit, within a bound."""
        try:
            async with asyncio.timeout(_DRAIN_S):
                async with self._applying:
                    await self._positions.commit(everything=True)
        except (TimeoutError, Unavailable) as error:
            _log.warning("consumer.drain_cut", reason=repr(error))
        except Exception as error:
            self._failure = error
        self.is_assigned = False
        self._positions.drop(revoked)

    def lag(self) -> int | None:
        """Records not yet applied, over the partitions held; None while unknown."""
        return self._positions.lag()

    async def ends(self, topic: str) -> dict[int, int]:
        """The end of each partition of a subscribed topic, held or not. Raises Unavailable."""
        return await self._positions.ends(topic)

    def held(self) -> tuple[tuple[str, int], ...]:
        """The partitions held now."""
        return tuple(sorted(self._positions.held))

    async def close(self) -> None:
        """Leave the group."""
        self._is_closing = True
        if self._is_log_replaced:
            # The new broker knows neither the group nor this member, and would never answer.
            return await take_apart(self._consumer)
        if self._membership.settings.is_kafka_embedded and not await self._may_leave():
            return await take_apart(self._consumer)
        return await stop_consumer(self._consumer)

    async def _may_leave(self) -> bool:
        """Whether the embedded broker survives a LeaveGroup request: from the only member, outside a rebalance.

        Tansu 0.6 keeps the leader that leaves during a rebalance, and nobody can join the group again. A member that does
        not leave is removed after the session timeout (docs/ARCHITECTURE.md 4.1).
        """
        try:
            async with bounded(_LEAVE_CHECK_S, "heartbeat before leaving"):
                return await is_alone_in_stable_group(self._consumer)
        except Unavailable:
            return False


def _consumer(settings: Settings, group: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        **client_options(settings.kafka),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=max(settings.session_timeout_ms // 4, 300),
        rebalance_timeout_ms=int(_DRAIN_S * 2000),
        max_poll_interval_ms=_MAX_POLL_INTERVAL_S * 1000,
        request_timeout_ms=40_000,
        fetch_max_wait_ms=settings.kafka_fetch_wait_ms,
        max_partition_fetch_bytes=1_048_576,
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),
    )
