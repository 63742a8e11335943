"""The log probe on a partition that retention emptied. A fake consumer, since the embedded broker deletes nothing."""

from collections.abc import Mapping

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from services.popularity.counting import consumers
from services.popularity.model.store import PartitionState
from shared.kafka import log_probe
from shared.kafka.log_probe import NoRecord, probe
from shared.kafka.sinks import Partition

VIEWS = ("views.v1", 0)


class Emptied:
    """A consumer of a partition that begins and ends at 500."""

    def __init__(self, **_: object) -> None:
        self._at: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Nothing."""

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Start at offset 0."""
        self._at = dict.fromkeys(partitions, 0)

    def assignment(self) -> set[TopicPartition]:
        """The assigned partitions."""
        return set(self._at)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Fetch from there."""
        self._at[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        """Stop fetching."""
        for partition in partitions:
            self._at.pop(partition)

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """500."""
        return dict.fromkeys(partitions, 500)

    end_offsets = beginning_offsets

    async def getmany(self, timeout_ms: int) -> Mapping[TopicPartition, list[object]]:
        """Nothing at offset 500; Kafka's error at any other."""
        if outside := {partition: offset for partition, offset in self._at.items() if offset != 500}:
            raise OffsetOutOfRangeError(outside)
        return {}


@pytest.fixture(autouse=True)
def emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_probe, "AIOKafkaConsumer", Emptied)
    monkeypatch.setattr(log_probe, "stop_consumer", Emptied.stop)
    monkeypatch.setattr(log_probe, "_TIMEOUT_S", 0.1)


@pytest.mark.parametrize(
    ("offset", "found"),
    [
        (499, NoRecord.EMPTIED),
        (7, NoRecord.EMPTIED),
        (500, NoRecord.PAST_THE_END),
        (900, NoRecord.PAST_THE_END),
    ],
)
async def test_probe_distinguishes_an_emptied_partition_from_a_shorter_one(offset: int, found: NoRecord) -> None:
    assert await probe("", {VIEWS: offset}) == {VIEWS: found}


@pytest.mark.parametrize(("position", "recreated"), [(500, set()), (901, {VIEWS})])
async def test_emptied_partition_is_taken_for_the_same_log(position: int, recreated: set[Partition]) -> None:
    state = PartitionState("the log", position, "fingerprint of the last record")

    assert await consumers.find_recreated("", {VIEWS: state}) == recreated
