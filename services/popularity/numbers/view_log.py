"""Reads views.v1 from a position, outside any group."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared import topics
from shared.errors import Unavailable
from shared.events import Record
from shared.kafka.client import as_record, bounded, client_options, stop_consumer
from shared.kafka.offset_gaps import OffsetGaps

_ANSWER_S = 10.0
_POLL_MS = 200
_MOST_RECORDS = 2_000
# A fetch at a partition's end must not delay the first one of the next partition.
_FETCH_WAIT_MS = 20


class ViewLog(Protocol):
    """A log of views, by partition."""

    async def beginning(self, partition: int) -> int:
        """The first offset that the log still has."""
        ...

    async def read(self, partition: int, position: int) -> Sequence[Record]:
        """The next records from a position; empty when none came within a moment. Raises Unavailable."""
        ...


class KafkaViews:
    """views.v1. A consumer is one log position, so partitions are read one after another."""

    def __init__(self, consumer: AIOKafkaConsumer, hole_wait_s: float) -> None:
        self._consumer = consumer
        self._gaps = OffsetGaps(hole_wait_s)
        self._at: tuple[int, int] | None = None

    async def beginning(self, partition: int) -> int:
        """The first offset that the log still has."""
        where = TopicPartition(topics.VIEWS.name, partition)
        async with bounded(_ANSWER_S, "beginning of the log"):
            return int((await self._consumer.beginning_offsets([where]))[where])

    async def read(self, partition: int, position: int) -> Sequence[Record]:
        """The next records from a position; empty when none came within a moment."""
        where = TopicPartition(topics.VIEWS.name, partition)
        if self._at != (partition, position):
            self._consumer.assign([where])
            self._consumer.seek(where, position)
        try:
            fetched = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
        except KafkaError as error:
            raise Unavailable(f"Kafka: {topics.VIEWS.name}/{partition} from {position}: {error!r}") from error
        found = [as_record(record) for record in fetched.get(where, ())]
        records = self._gaps.before_gap(partition, position, found) if found else []
        self._at = (partition, found[-1].offset + 1) if found and len(records) == len(found) else None
        return records


@asynccontextmanager
async def open_views(bootstrap: str, hole_wait_ms: int) -> AsyncIterator[KafkaViews]:
    """The log, for the length of a block."""
    consumer = AIOKafkaConsumer(
        **client_options(bootstrap),
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=_FETCH_WAIT_MS,
    )
    try:
        async with bounded(_ANSWER_S, "start"):
            await consumer.start()
        yield KafkaViews(consumer, hole_wait_ms / 1000)
    finally:
        await stop_consumer(consumer)
