"""Reads single records of a log, outside any group, to recognise a log that was read before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.errors import Unavailable
from shared.events import Record
from shared.kafka.client import as_record, bounded, client_options, stop_consumer
from shared.kafka.sinks import Partition

_TIMEOUT_S = 5.0


class NoRecord(Enum):
    """Why there is no record at an offset."""

    PAST_THE_END = "the log ends before the offset"
    EMPTIED = "retention deleted every record, so the log cannot be identified"


async def probe(bootstrap: str, offsets: Mapping[Partition, int]) -> dict[Partition, Record | NoRecord]:
    """The first record at or after the offset of each partition, or why there is none.

    For an offset before the log's beginning, that is the first record. Raises Unavailable when Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(**client_options(bootstrap), enable_auto_commit=False, auto_offset_reset="none")
    try:
        async with bounded(_TIMEOUT_S, "probe"):
            await consumer.start()
            reading = await _start(consumer, offsets)
        return await reading.result()
    finally:
        await stop_consumer(consumer)


async def _start(consumer: AIOKafkaConsumer, offsets: Mapping[Partition, int]) -> "_Reading":
    partitions = [TopicPartition(*key) for key in offsets]
    consumer.assign(partitions)
    for key, offset in offsets.items():
        consumer.seek(TopicPartition(*key), offset)
    begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return _Reading(consumer, dict(offsets), begins, ends)


@dataclass
class _Reading:
    """The offsets still wanted, and the records found so far."""

    consumer: AIOKafkaConsumer
    wanted: dict[Partition, int]
    begins: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]
    found: dict[Partition, Record | NoRecord] = field(default_factory=dict)

    async def result(self) -> dict[Partition, Record | NoRecord]:
        """Read until nothing is wanted, or until the timeout."""
        self._note_emptied()
        deadline = monotonic() + _TIMEOUT_S
        while self.wanted and monotonic() < deadline:
            await self._fetch()
        self._note_missing()
        return self.found

    async def _fetch(self) -> None:
        try:
            fetched = await self.consumer.getmany(timeout_ms=200)
        except OffsetOutOfRangeError as error:
            self._note_out_of_range(error.args[0])
            return
        except KafkaError as error:
            raise Unavailable(f"Kafka: probe: {error!r}") from error
        for partition, records in fetched.items():
            if records:
                self._note(partition, as_record(records[0]))

    def _note_emptied(self) -> None:
        for partition, begin in self.begins.items():
            if begin == self.ends[partition] and begin > self.wanted[(partition.topic, partition.partition)]:
                self._note(partition, NoRecord.EMPTIED)

    def _note_out_of_range(self, offsets: Mapping[TopicPartition, int]) -> None:
        for partition, offset in offsets.items():
            if offset < self.begins[partition]:
                self.consumer.seek(partition, self.begins[partition])
            else:
                self._note(partition, NoRecord.PAST_THE_END)

    def _note_missing(self) -> None:
        for key, offset in self.wanted.items():
            # The embedded broker may report too low an end. Here the fetch returned nothing either.
            if self.ends[TopicPartition(*key)] > offset:
                raise Unavailable(f"Kafka: no record from {key[0]}/{key[1]} at {offset}")
            self.found[key] = NoRecord.PAST_THE_END

    def _note(self, partition: TopicPartition, record: Record | NoRecord) -> None:
        key = (partition.topic, partition.partition)
        if self.wanted.pop(key, None) is not None:
            self.found[key] = record
        self.consumer.pause(partition)
