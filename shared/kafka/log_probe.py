"""Reads single records of a log, outside any group, to recognise a log that was read before."""

from collections.abc import Mapping
from enum import Enum
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.errors import Unavailable
from shared.events import Record
from shared.kafka.client import as_record, bounded, client_options, stop_consumer

_TIMEOUT_S = 5.0

Position = tuple[str, int]


class NoRecord(Enum):
    """Why there is no record at an offset."""

    PAST_THE_END = "the log ends before the offset"
    EMPTIED = "retention deleted every record, so the log cannot be identified"


async def probe(bootstrap: str, offsets: Mapping[Position, int]) -> dict[Position, Record | NoRecord]:
    """The first record at or after the offset of each partition, or why there is none.

    For an offset before the log's beginning, that is the first record. Raises Unavailable when Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(**client_options(bootstrap), enable_auto_commit=False, auto_offset_reset="none")
    try:
        async with bounded(_TIMEOUT_S, "probe"):
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
) -> dict[Position, Record | NoRecord]:
    found: dict[Position, Record | NoRecord] = {}
    for partition, begin in begins.items():
        if begin == ends[partition] and begin > wanted[(str(partition.topic), int(partition.partition))]:
            _note(consumer, partition, NoRecord.EMPTIED, wanted, found)
    deadline = monotonic() + _TIMEOUT_S
    while wanted and monotonic() < deadline:
        try:
            fetched = await consumer.getmany(timeout_ms=200)
        except OffsetOutOfRangeError as error:
            for partition, offset in error.args[0].items():
                if offset < begins[partition]:
                    consumer.seek(partition, begins[partition])
                else:
                    _note(consumer, partition, NoRecord.PAST_THE_END, wanted, found)
            continue
        except KafkaError as error:
            raise Unavailable(f"Kafka: probe: {error!r}") from error
        for partition, records in fetched.items():
            if records:
                _note(consumer, partition, as_record(records[0]), wanted, found)
    for position, offset in wanted.items():
        # The embedded broker may report too low an end. Here the fetch returned nothing either.
        if ends[TopicPartition(*position)] > offset:
            raise Unavailable(f"Kafka: no record from {position[0]}/{position[1]} at {offset}")
        found[position] = NoRecord.PAST_THE_END
    return found


def _note(
    consumer: AIOKafkaConsumer,
    partition: TopicPartition,
    record: Record | NoRecord,
    wanted: dict[Position, int],
    found: dict[Position, Record | NoRecord],
) -> None:
    position = (str(partition.topic), int(partition.partition))
    if wanted.pop(position, None) is not None:
        found[position] = record
    consumer.pause(partition)
