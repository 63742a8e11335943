"""Follows topics without a group, so that every process gets every record. Reader-facing processes use only this."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from time import monotonic, time

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.errors import LogReplaced, Unavailable
from shared.events import Event, Record
from shared.kafka.client import LogIdentity, as_record, bounded, client_options, stop_consumer
from shared.kafka.offset_gaps import OffsetGaps
from shared.kafka.pace import Pace
from shared.kafka.quirks import set_fetch_wait
from shared.settings import Settings
from shared.topics import Topic

_log = structlog.get_logger(__name__)

_POLL_MS = 500
_REBUILD_AFTER_S = 0.25


class LogTail:
    """Passes each record of some topics to `apply`, a plain function, from the beginning or from the end on.

    Topics in `from_beginning` are read whole, and again after the log was lost or replaced. The others are read from their
    end at the time of the connection. `reset` is called before each such start: records may be missing, so everything
    derived from the topics must be dropped or checked. After `caught_up` is set, `apply` has had every record that was in
    the log at the time of the connection.

    `apply` is called before the log's identity is checked; `reset` follows when the log was replaced. So `apply` must do no
    harm with records of another log. `settle` is awaited after each turn, with or without records, once the log was checked.

    With `goes_on`, topics are read on from the last position after an interruption in the same log: for an owner that keeps
    what it has read, and for which the log's order decides (an old record must not come after a newer one).

    An owner that stores its state gives the offsets to go on at by `resume`, which gets the log's identity. A partition
    without an offset, and every partition of a log that was replaced or cut off, is read from its beginning. `is_urgent`
    shortens the waits at rest, for followers that readers wait for. Events of the kinds in `heartbeats` come all the time, so
    they do not end the rest.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        from_beginning: Sequence[Topic] = (),
        from_end: Sequence[Topic] = (),
        apply: Callable[[Record], None],
        reset: Callable[[], None],
        resume: Callable[[str], Mapping[tuple[str, int], int]] | None = None,
        settle: Callable[[], Awaitable[None]] | None = None,
        goes_on: bool = False,
        is_urgent: bool = False,
        heartbeats: Collection[type[Event]] = (),
    ) -> None:
        self._settings = settings
        self._beginning = _partitions(from_beginning)
        self._end = _partitions(from_end)
        self._apply = apply
        self._reset = reset
        self._resume = resume
        self._goes_on = goes_on
        self._log_id = ""
        self._settle = settle
        self._heartbeats = frozenset(event.ce_type for event in heartbeats)
        self._is_replaced = False
        self._pace = Pace(settings.kafka_fetch_wait_ms, settings.rest_wait_ms(is_urgent=is_urgent))
        self._identity = LogIdentity(settings.kafka)
        self._next: dict[TopicPartition, int] = {}
        self._gaps = OffsetGaps(settings.kafka_hole_wait_ms / 1000)
        self._followed_at = 0.0
        self.caught_up = asyncio.Event()

    def silent_for_s(self) -> float:
        """Seconds since the last answer from every partition. Tells whether caches may be trusted."""
        return monotonic() - self._followed_at

    async def run(self) -> None:
        """Follow until cancelled, through outages and replaced logs."""
        try:
            while True:
                try:
                    await self._follow()
                except (Unavailable, LogReplaced) as error:
                    self._is_replaced = self._is_replaced or isinstance(error, LogReplaced)
                    _log.warning("tail.restarts", reason=str(error))
                    await asyncio.sleep(_REBUILD_AFTER_S)
        finally:
            await self._identity.close()

    async def _follow(self) -> None:
        log_id = await self._identity.current()
        consumer = AIOKafkaConsumer(
            **client_options(self._settings.kafka),
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=self._settings.kafka_fetch_wait_ms,
        )
        try:
            async with bounded(15, "tail start"):
                await consumer.start()
                targets = await self._place(consumer, self._known(log_id))
            self._log_id = log_id
            self._followed_at = monotonic()
            self._reset()
            await self._pump(consumer, log_id, targets)
        finally:
            await stop_consumer(consumer)

    def _known(self, log_id: str) -> Mapping[tuple[str, int], int]:
        known = {} if self._resume is None else self._resume(log_id)
        if self._goes_on and log_id == self._log_id:
            known = {(at.topic, at.partition): self._next[at] for at in self._beginning}
        return {} if self._is_replaced else known

    async def _place(
        self, consumer: AIOKafkaConsumer, known: Mapping[tuple[str, int], int]
    ) -> dict[TopicPartition, int]:
        consumer.assign([*self._beginning, *self._end])
        ends: dict[TopicPartition, int] = await consumer.end_offsets([*self._beginning, *self._end])
        begins = await consumer.beginning_offsets(self._beginning) if self._beginning else {}
        starts = {at: max(begins[at], known.get((at.topic, at.partition), 0)) for at in self._beginning}
        # Kafka refuses a fetch past the end; the embedded broker waits for a record there.
        if past := [at for at in self._beginning if starts[at] > ends[at]]:
            raise LogReplaced(f"the log was cut off before the known position: {past}")
        # The embedded broker may report the start of its last batch, which is then read again, without harm.
        self._next = starts | {at: ends[at] for at in self._end}
        for partition, position in self._next.items():
            consumer.seek(partition, position)
        return {partition: ends[partition] for partition in self._beginning if ends[partition] > starts[partition]}

    async def _pump(self, consumer: AIOKafkaConsumer, log_id: str, targets: dict[TopicPartition, int]) -> None:
        is_verified = False
        while True:
            if not targets:
                self._is_replaced = False  # everything that the owner derived is of this log now
                self.caught_up.set()
            fetched = await _fetch(consumer)
            self._take_all(consumer, fetched, targets)
            if fetched or not is_verified or self._identity.is_due(at_rest=self._pace.is_at_rest):
                await self._verify(log_id)
                is_verified = True
            if self._settle is not None:
                await self._settle()
            self._note_followed(consumer)

    def _take_all(
        self,
        consumer: AIOKafkaConsumer,
        fetched: Mapping[TopicPartition, Sequence[Record]],
        targets: dict[TopicPartition, int],
    ) -> None:
        if self._has_news(fetched):
            self._pace.note_activity()
        set_fetch_wait(consumer, self._pace.wait_ms)
        for partition, records in fetched.items():
            self._take(consumer, partition, records)
            if self._next[partition] >= targets.get(partition, 0):
                targets.pop(partition, None)

    def _has_news(self, fetched: Mapping[TopicPartition, Sequence[Record]]) -> bool:
        return any(record.header("ce_type") not in self._heartbeats for found in fetched.values() for record in found)

    def _take(self, consumer: AIOKafkaConsumer, partition: TopicPartition, fetched: Sequence[Record]) -> None:
        records = self._gaps.before_gap(partition, self._next[partition], fetched)
        for record in records:
            self._apply(record)
            self._next[partition] = record.offset + 1
        if len(records) < len(fetched):
            consumer.seek(partition, self._next[partition])

    async def _verify(self, log_id: str) -> None:
        current = await self._identity.current()
        if current != log_id:
            raise LogReplaced(f"the log {log_id} was replaced by {current}")

    def _note_followed(self, consumer: AIOKafkaConsumer) -> None:
        polls = [consumer.last_poll_timestamp(partition) for partition in (*self._beginning, *self._end)]
        if all(polls):
            age_s = max(0.0, time() - min(poll for poll in polls if poll) / 1000)
            self._followed_at = max(self._followed_at, monotonic() - age_s)


async def _fetch(consumer: AIOKafkaConsumer) -> dict[TopicPartition, list[Record]]:
    try:
        found = await consumer.getmany(timeout_ms=_POLL_MS)
    except OffsetOutOfRangeError as error:
        raise LogReplaced(f"the log does not have the position: {error.args}") from error
    except KafkaError as error:
        raise Unavailable(f"Kafka: fetch: {error!r}") from error
    return {partition: [as_record(record) for record in records] for partition, records in found.items()}


def _partitions(topics: Sequence[Topic]) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
