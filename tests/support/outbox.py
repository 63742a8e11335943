"""A minimal store with an outbox, and relays that die or pause at the worst moment.

As a process (`python -m tests.support.outbox KAFKA MONGO DATABASE die|sleep|die-late`) it relays. It sends itself SIGKILL after
the first send (die), or SIGSTOP before it (sleep), or both (die-late).
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events import ArticlePublished, ArticleState, Message, decode
from shared.ids import new_id
from shared.kafka.client import LogIdentity, as_record
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.mongo.collections import DuplicateKeyError, Session
from shared.outbox.relay import Relay
from shared.outbox.store import AggregateEvent, Outbox
from shared.process.process import stop_task
from shared.times import now
from shared.topics import ARTICLES
from tests.support.polling import eventually

ROOT = Path(__file__).resolve().parents[2]
LEASE = timedelta(seconds=1.5)
CHUNK = 4
# Repetitions of late sends: later than any test's end, unless it asks for them.
_NO_REPETITION = timedelta(hours=1)


class RecordingProducer(Producer):
    """A producer that records the messages that Kafka acknowledged. It holds further sends back after `most` messages."""

    def __init__(self, kafka: str, most: int | None = None) -> None:
        super().__init__(kafka, idempotence=False)
        self.sent: list[Message] = []
        self._most = most

    async def send(self, *messages: Message) -> None:
        if self._most is not None and len(self.sent) >= self._most:
            await asyncio.Event().wait()
        await super().send(*messages)
        self.sent.extend(messages)


class ThingStore:
    """A store of things with versions. Each change is one transaction with its outbox row."""

    def __init__(self, mongo_url: str, database: str) -> None:
        self.mongo = Mongo(mongo_url)
        self._things = self.mongo.database(database)["things"]
        self.outbox = Outbox(self.mongo.database(database))

    async def change(self, thing: str) -> int:
        """Increase a thing's version and return it. Retried when another change was faster."""
        while True:
            found = await self._things.find_one({"_id": thing})
            version = 1 if found is None else found["version"] + 1
            try:
                await self.mongo.transaction(self._work(thing, version))
            except (DuplicateKeyError, _Overtaken):
                continue
            self.outbox.note_committed(event(thing, version), follows=version - 1 or None)
            return int(version)

    def _work(self, thing: str, version: int) -> Callable[[Session], Awaitable[None]]:
        async def work(session: Session) -> None:
            if version == 1:
                await self._things.insert_one({"_id": thing, "version": 1}, session=session)
            else:
                replaced = await self._things.replace_one(
                    {"_id": thing, "version": version - 1}, {"_id": thing, "version": version}, session=session
                )
                if not replaced.matched_count:
                    raise _Overtaken
            await self.outbox.add(session, event(thing, version))

        return work

    async def events_after(self, after: str | None) -> AsyncIterator[Sequence[AggregateEvent]]:
        """The newest event of every thing behind `after`, sorted by id, CHUNK at a time."""
        found = [row async for row in self._things.find({}) if row["_id"] > (after or "")]
        found.sort(key=lambda row: str(row["_id"]))
        for first in range(0, len(found), CHUNK):
            yield [event(row["_id"], row["version"]) for row in found[first : first + CHUNK]]

    async def latest(self, things: Iterable[str]) -> Sequence[AggregateEvent]:
        """The newest event of each of these things."""
        found = [await self._things.find_one({"_id": thing}) for thing in things]
        return [event(row["_id"], row["version"]) for row in found if row is not None]

    def relay(self, producer: Producer, identity: LogIdentity, repeat_after: timedelta = _NO_REPETITION) -> Relay:
        """A relay of this outbox, with a short lease."""
        return Relay(
            self.outbox,
            producer,
            identity,
            republish=self.events_after,
            latest=self.latest,
            lease=LEASE,
            repeat_after=repeat_after,
        )


class _Overtaken(Exception):
    """Another change of the thing was committed first."""


def event(thing: str, version: int) -> ArticlePublished:
    """A thing's state as an event."""
    moment = now()
    return ArticlePublished(
        id=thing,
        version=version,
        status="published",
        slug=thing,
        url=f"/world/{thing}",
        headline=f"Version {version}",
        section="world",
        created_at=moment,
        updated_at=moment,
        published_at=moment,
    )


def new_thing() -> str:
    """A new id."""
    return new_id()


@asynccontextmanager
async def relaying(
    store: ThingStore, kafka: str, repeat_after: timedelta = _NO_REPETITION, most: int | None = None
) -> AsyncIterator[RecordingProducer]:
    """A running relay's producer. With `most` the relay stands still after so many messages."""
    producer, identity = RecordingProducer(kafka, most), LogIdentity(kafka)
    task = asyncio.create_task(store.relay(producer, identity, repeat_after).run())
    try:
        yield producer
    finally:
        await stop_task(task)
        await producer.stop()
        await identity.close()


@asynccontextmanager
async def relay_process(
    kafka: str, mongo: str, database: str, failure: str
) -> "AsyncIterator[subprocess.Popen[bytes]]":
    """A relay in its own process, which will `die` after or `sleep` before its first send, or both (`die-late`)."""
    argv = [sys.executable, "-m", "tests.support.outbox", kafka, mongo, database, failure]
    process = subprocess.Popen(argv, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def read_log(kafka: str, things: Iterable[str]) -> dict[str, list[int]]:
    """The versions of each thing in the log, in log order."""
    wanted = set(things)
    versions: dict[str, list[int]] = {thing: [] for thing in wanted}
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(ARTICLES.name, number) for number in range(ARTICLES.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if (record.key or b"").decode() not in wanted:
                        continue
                    found = decode(as_record(record))
                    if isinstance(found, ArticleState):
                        versions[found.id].append(found.version)
    finally:
        await consumer.stop()
    return versions


async def until_sent(store: ThingStore) -> None:
    """Wait until nothing is pending."""

    async def empty() -> bool:
        return not await store.outbox.pending()

    await eventually(empty, what="the outbox is empty")


class _Dying(Producer):
    async def send(self, *messages: Message) -> None:
        await super().send(*messages)
        os.kill(os.getpid(), signal.SIGKILL)


class _Sleeping(Producer):
    async def send(self, *messages: Message) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)
        await super().send(*messages)


class _DyingLate(Producer):
    async def send(self, *messages: Message) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)
        await super().send(*messages)
        os.kill(os.getpid(), signal.SIGKILL)


async def _main(kafka: str, mongo: str, database: str, failure: str) -> None:
    producer = {"die": _Dying, "sleep": _Sleeping, "die-late": _DyingLate}[failure](kafka, idempotence=False)
    await ThingStore(mongo, database).relay(producer, LogIdentity(kafka)).run()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
