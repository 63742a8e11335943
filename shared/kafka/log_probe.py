"""Looks at single records of a log, outside any group: is the log that is there the one that was read before?"""

from collections.abc import Mapping
from enum import Enum
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.errors import Unavailable
from shared.events import Record
from shared.kafka.client import as_record, bounded, client_options, stop_consumer

_WITHIN_S = 5.0

Position = tuple[str, int]


class Nothing(Enum):
    """Why there is no record to look at."""

    BEYOND = "the log ends before the offset"
    EMPTIED = "retention has taken all that the log had, up to the offset and past it: which log it was cannot be told"


async def peek(bootstrap: str, offsets: Mapping[Position, int]) -> dict[Position, Record | Nothing]:
    """For each partition the first record at or after an offset, or why there is none.

    An offset before the log's beginning gives its first record. Raises Unavailable when Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(**client_options(bootstrap), enable_auto_commit=False, auto_offset_reset="none")
    try:
        async with bounded(_WITHIN_S, "peek"):
            await consumer.start()
            consumer.assign([TopicPartition(*position) for position in offsets])
            for position, offset in offsets.items():
                consumer.seek(TopicPartition(*position), offset)
            begins, ends = await _bounds(consumer)
        return await _read(consumer, dict(offsets), begins, ends)
    finally:
        await stop_consumer(consumer)


async def _bounds(consumer: AIOKafkaConsumer) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    partitions = list(consumer.assignment())
    return await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)


async def _read(
    consumer: AIOKafkaConsumer,
    wanted: dict[Position, int],
    begins: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> dict[Position, Record | Nothing]:
    found: dict[Position, Record | Nothing] = {}
    for partition, begin in begins.items():
        if begin == ends[partition] and begin > wanted[(str(partition.topic), int(partition.partition))]:
            _note(consumer, partition, Nothing.EMPTIED, wanted, found)
    deadline = monotonic() + _WITHIN_S
    while wanted and monotonic() < deadline:
        try:
            fetched = await consumer.getmany(timeout_ms=200)
        except OffsetOutOfRangeError as error:
            for partition, offset in error.args[0].items():
                if offset < begins[partition]:
                    consumer.seek(partition, begins[partition])
                else:
                    _note(consumer, partition, Nothing.BEYOND, wanted, found)
            continue
        except KafkaError as error:
            raise Unavailable(f"Kafka: peek: {error!r}") from error
        for partition, records in fetched.items():
            if records:
                _note(consumer, partition, as_record(records[0]), wanted, found)
    for position, offset in wanted.items():
        # An embedded broker may report too low an end, so the end alone proves nothing: the fetch found nothing either.
        if ends[TopicPartition(*position)] > offset:
            raise Unavailable(f"Kafka: nothing came from {position[0]}/{position[1]} at {offset}")
        found[position] = Nothing.BEYOND
    return found


def _note(
    consumer: AIOKafkaConsumer,
    partition: TopicPartition,
    record: Record | Nothing,
    wanted: dict[Position, int],
    found: dict[Position, Record | Nothing],
) -> None:
    position = (str(partition.topic), int(partition.partition))
    if wanted.pop(position, None) is not None:
        found[position] = record
    consumer.pause(partition)
