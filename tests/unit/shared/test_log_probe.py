"""What a look at a log says where retention has taken all it had: only a stand-in does that at once, the embedded broker never."""

from collections.abc import Mapping

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from services.popularity import consumers
from services.popularity.store import PartitionState
from shared.events import Record
from shared.kafka import log_probe as peek_module
from shared.kafka.log_probe import Nothing, Position, peek

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
        """Begin nowhere."""
        self._at = dict.fromkeys(partitions, 0)

    def assignment(self) -> set[TopicPartition]:
        """What was assigned."""
        return set(self._at)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Fetch from there."""
        self._at[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        """Fetch these no more."""
        for partition in partitions:
            self._at.pop(partition)

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """500."""
        return dict.fromkeys(partitions, 500)

    end_offsets = beginning_offsets

    async def getmany(self, timeout_ms: int) -> Mapping[TopicPartition, list[object]]:
        """Nothing, or the error that Kafka has for another offset than 500."""
        if outside := {partition: offset for partition, offset in self._at.items() if offset != 500}:
            raise OffsetOutOfRangeError(outside)
        return {}


@pytest.fixture(autouse=True)
def emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peek_module, "AIOKafkaConsumer", Emptied)
    monkeypatch.setattr(peek_module, "stop_consumer", Emptied.stop)
    monkeypatch.setattr(peek_module, "_WITHIN_S", 0.1)


@pytest.mark.parametrize(
    ("offset", "found"), [(499, Nothing.EMPTIED), (7, Nothing.EMPTIED), (500, Nothing.BEYOND), (900, Nothing.BEYOND)]
)
async def test_an_emptied_partition_is_told_from_one_that_ends_before(offset: int, found: Record | Nothing) -> None:
    assert await peek("", {VIEWS: offset}) == {VIEWS: found}


@pytest.mark.parametrize(("position", "recreated"), [(500, set()), (901, {VIEWS})])
async def test_an_emptied_partition_goes_on_as_the_same_log(position: int, recreated: set[Position]) -> None:
    state = PartitionState("the log", position, "the last record's")

    assert await consumers.find_recreated("", {VIEWS: state}) == recreated
