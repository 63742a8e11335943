"""Concurrent producers on the embedded broker, whose fetches may skip a batch that is being stored: no record is lost."""

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

# Large records take long to store, so a fetch skips them most often. Few are needed: the log is in memory.
_LARGE = 400_000
_AT_MOST_S = 6.0


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    await broker.start()
    yield broker
    broker.kill()


class Writers:
    """Producers of one partition. Each sends its next record after an acknowledgement; the first one's records are large."""

    def __init__(self, url: str, topic: str) -> None:
        self._topic = topic
        self._producers = [Producer(url, idempotence=False) for _ in range(4)]
        self._stopping = asyncio.Event()
        self.acknowledged: set[str] = set()

    async def write(self, until_gaps: float) -> None:
        """Write until the readers have found enough gaps, or the time is over."""
        writing = [asyncio.create_task(self._write(number)) for number in range(len(self._producers))]
        try:
            async with asyncio.timeout(_AT_MOST_S):
                while _gaps() < until_gaps:
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


def _gaps() -> float:
    return float(metrics.OFFSET_GAPS._value.get())


async def test_group_and_tail_read_every_acknowledged_record_once(broker: Broker) -> None:
    topic, sink, followed = await make_topic(broker.url, 1), Memory(), []
    settings = Settings(kafka=broker.url, kafka_hole_wait_ms=500)
    tail = LogTail(
        settings,
        from_beginning=[Topic(topic, 1)],
        apply=lambda record: followed.append((record.key or b"").decode()),
        reset=lambda: None,
    )
    following = start_task(tail.run(), "tail")
    writers = Writers(broker.url, topic)
    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the group has its assignment")

        await writers.write(until_gaps=_gaps() + 2)

        everything = len(writers.acknowledged)
        await until(lambda: len(followed) >= everything, "the tail has read all")
        await until(lambda: sum(len(batch.records) for batch in sink.batches) >= everything, "the group has read all")
    await stop_task(following)

    assert sorted(followed) == sorted(writers.acknowledged)
    read = [(record.key or b"").decode() for batch in sink.batches for record in batch.records]
    assert sorted(read) == sorted(writers.acknowledged)
