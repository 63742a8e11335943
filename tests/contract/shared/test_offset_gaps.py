"""Nothing is left out of a partition that two producers write, on the broker whose fetches overtake what is being stored."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from shared.events import Message
from shared.kafka.producer import Producer
from shared.kafka.tail import LogTail
from shared.process import metrics
from shared.process.process import start_task, stop_task
from shared.settings import Settings
from shared.topics import Topic
from tests.support.kafka import Broker, Memory, make_topic, running, unique
from tests.support.polling import until

# What is large takes long to store: most holes are there. The log is in memory, so they are few and end with the first hole.
_LARGE = 400_000
_AT_MOST_S = 6.0


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """An embedded broker of the test's own."""
    broker = Broker()
    await broker.start()
    yield broker
    broker.kill()


class Writers:
    """Producers of one partition, each sending when its last record was acknowledged; the first one's records are large."""

    def __init__(self, url: str, topic: str) -> None:
        self._topic = topic
        self._producers = [Producer(url, idempotence=False) for _ in range(4)]
        self._stopping = asyncio.Event()
        self.acknowledged: set[str] = set()

    async def write(self, until_missed: float) -> None:
        """Until the readers have missed something twice, or the time is over."""
        writing = [asyncio.create_task(self._write(number)) for number in range(len(self._producers))]
        try:
            async with asyncio.timeout(_AT_MOST_S):
                while _holes() < until_missed:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        self._stopping.set()
        await asyncio.gather(*writing)
        for producer in self._producers:
            await producer.stop()

    async def _write(self, number: int) -> None:
        for turn in count():
            if self._stopping.is_set():
                return
            name = f"{number}-{turn}"
            value = name.encode().ljust(_LARGE if number == 0 else 1)
            await self._producers[number].send(Message(self._topic, name.encode(), value, ()))
            self.acknowledged.add(name)


def _holes() -> float:
    return metrics.OFFSET_GAPS._value.get()


async def test_a_group_and_a_tail_read_all_that_was_acknowledged_once(broker: Broker) -> None:
    topic, sink, told = await make_topic(broker.url, 1), Memory(), []
    settings = Settings(kafka=broker.url, kafka_hole_wait_ms=500)
    tail = LogTail(
        settings,
        from_beginning=[Topic(topic, 1)],
        apply=lambda record: told.append((record.key or b"").decode()),
        reset=lambda: None,
    )
    following = start_task(tail.run(), "tail")
    writers = Writers(broker.url, topic)
    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the group reads")

        await writers.write(until_missed=_holes() + 2)

        everything = len(writers.acknowledged)
        await until(lambda: len(told) >= everything, "the tail has told all")
        await until(lambda: sum(len(batch.records) for batch in sink.batches) >= everything, "the group has read all")
    await stop_task(following)

    assert sorted(told) == sorted(writers.acknowledged)
    read = [(record.key or b"").decode() for batch in sink.batches for record in batch.records]
    assert sorted(read) == sorted(writers.acknowledged)
