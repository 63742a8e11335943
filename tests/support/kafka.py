"""Kafka in tests: new topics, brokers to kill, and a sink that records its batches."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.engines import kafka, provide_topics
from deploy.local.ports import Ports
from shared.events import Message
from shared.kafka.group import GroupRunner
from shared.kafka.sinks import Batch, Sink
from shared.settings import Settings
from shared.topics import Topic
from tests.support.polling import PATIENCE_S


def unique(prefix: str) -> str:
    """A name that only this test uses."""
    return f"{prefix}-{uuid4().hex[:10]}"


async def make_topic(kafka_url: str, partitions: int) -> str:
    """A new topic."""
    name = unique("bus")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_url)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        await admin.close()
    return name


async def new_group_at_end(kafka_url: str, prefix: str, topic: Topic) -> str:
    """The name of a new group that begins at the end of a topic: the records of other tests are not for it."""
    group = unique(prefix)
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_url, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()
    return group


def numbered(topic: str, first: int, count: int) -> list[Message]:
    """Messages whose key and value are a number."""
    return [Message(topic, str(n).encode(), str(n).encode(), ()) for n in range(first, first + count)]


def bus_settings(kafka_url: str, *, idempotence: bool) -> Settings:
    """Settings for a member of a group."""
    return Settings(kafka=kafka_url, kafka_idempotence=idempotence)


class Memory(Sink):
    """A sink that records every batch and reads ahead. `before` and `after` may raise; `hold` blocks a batch."""

    def __init__(self, starts: Mapping[tuple[str, int], int] | None = None) -> None:
        self.batches: list[Batch] = []
        self.lost: list[tuple[str, int, int]] = []
        self.before: Callable[[Batch], None] = lambda batch: None
        self.after: Callable[[Batch], None] = lambda batch: None
        self.hold: asyncio.Event | None = None
        self.held = False
        self._starts = dict(starts or {})
        self._log_id: str | None = None

    @property
    def values(self) -> list[str]:
        """All values, in the order of their application."""
        return [(record.value or b"").decode() for batch in self.batches for record in batch.records]

    async def positions(
        self, partitions: Sequence[tuple[str, int]], log_id: str
    ) -> Mapping[tuple[str, int], int | None]:
        replaced = self._log_id not in (None, log_id)
        self._log_id = log_id
        return {partition: 0 if replaced else self._starts.get(partition) for partition in partitions}

    async def apply(self, batch: Batch) -> None:
        batch.read_ahead()
        self.before(batch)
        if self.hold is not None:
            self.held = True
            await self.hold.wait()
        self.batches.append(batch)
        self.after(batch)

    async def differing_positions(self, held: Mapping[tuple[str, int], int]) -> Mapping[tuple[str, int], int]:
        """None."""
        return {}

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        self.lost.append((topic, partition, beginning))
        return beginning


@asynccontextmanager
async def running(settings: Settings, group: str, topic: str, sink: Sink) -> AsyncIterator[GroupRunner]:
    """Run a member of a group for the length of a block."""
    runner = GroupRunner(settings, group=group, topics=[topic], sink=sink)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        await runner.stop()
        async with asyncio.timeout(PATIENCE_S):
            await task


class Broker:
    """An embedded broker for one test. It keeps its port and restarts empty."""

    def __init__(self) -> None:
        self._spec = kafka(Ports().take(), {})
        self._process: subprocess.Popen[bytes] | None = None
        self.url = self._spec.url

    async def start(self, *, topics: bool = True) -> None:
        """Start with a new cluster id and create the platform's topics."""
        argv = self._spec.command().argv
        assert argv is not None
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if topics:
            await provide_topics(self.url)

    def kill(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, sent: signal.Signals) -> None:
        """Send a signal to the process."""
        assert self._process is not None
        self._process.send_signal(sent)
