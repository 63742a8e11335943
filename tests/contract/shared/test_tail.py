"""A tail whose owner stored its state, or kept it in memory: where it goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from shared.errors import Unavailable
from shared.events import RankingsChecked, Record, encode
from shared.kafka import pace
from shared.kafka import tail as tail_module
from shared.kafka.client import LogIdentity
from shared.kafka.producer import Producer
from shared.kafka.tail import LogTail
from shared.process.process import start_task, stop_task
from shared.settings import Settings
from shared.times import now
from shared.topics import Topic
from tests.support.kafka import make_topic, numbered
from tests.support.polling import PATIENCE_S, eventually, until

Positions = Mapping[tuple[str, int], int]


@dataclass
class Follower:
    """The values of a tail, in order, and its number of starts."""

    values: list[str] = field(default_factory=list)
    starts: int = 0

    def reset(self) -> None:
        """Start from nothing."""
        self.starts += 1
        self.values.clear()


@asynccontextmanager
async def following(
    kafka_url: str, topic: str, resume: Callable[[str], Positions], *, caught_up: bool = True
) -> AsyncIterator[Follower]:
    """A tail of a topic with one partition, from the positions of `resume` on."""
    follower = Follower()
    tail = LogTail(
        Settings(kafka=kafka_url),
        from_beginning=[Topic(topic, 1)],
        apply=lambda record: follower.values.append((record.value or b"").decode()),
        reset=follower.reset,
        resume=resume,
    )
    task = start_task(tail.run(), "tail")
    try:
        async with asyncio.timeout(PATIENCE_S):
            if caught_up:
                await tail.caught_up.wait()
        yield follower
    finally:
        await stop_task(task)


@pytest.mark.parametrize(
    ("known", "values"),
    [(0, "01234"), (3, "34"), (5, ""), (6, "01234"), (1_000_000, "01234")],
    ids=["nothing", "a part", "everything", "one record too many", "far too many"],
)
async def test_tail_goes_on_at_the_known_position_or_rereads_a_shorter_log(
    kafka_url: str, producer: Producer, known: int, values: str
) -> None:
    topic = await make_topic(kafka_url, 1)
    for message in numbered(topic, 0, 5):
        await producer.send(message)

    async with following(kafka_url, topic, lambda _: {(topic, 0): known}) as follower:
        assert "".join(follower.values) == values
        await producer.send(*numbered(topic, 5, 1))
        await until(lambda: "".join(follower.values) == values + "5", "the next record is read")

    assert follower.starts == 1


async def test_shorter_log_is_reread_after_kafka_was_away(kafka_url: str, producer: Producer) -> None:
    topic, asked, grown = await make_topic(kafka_url, 1), 0, False
    await producer.send(*numbered(topic, 0, 5))

    def resume(_: str) -> Positions:
        nonlocal asked
        asked += 1
        if asked > 1 and not grown:
            raise Unavailable("Kafka is away")
        return {(topic, 0): 6}

    async with following(kafka_url, topic, resume, caught_up=False) as follower:
        await until(lambda: asked > 1, "the shorter log is noticed, then Kafka is away")
        await producer.send(*numbered(topic, 5, 4))
        grown = True
        await until(lambda: follower.values and follower.values[-1] == "8", "the log is read")
        assert "".join(follower.values) == "012345678"


@pytest.mark.parametrize(
    ("logs", "values"), [(("a", "a"), "012345"), (("a", "b"), "01234012345")], ids=["same log", "another log"]
)
async def test_tail_of_an_owner_that_keeps_what_it_read_repeats_nothing_of_the_same_log(
    kafka_url: str, producer: Producer, monkeypatch: pytest.MonkeyPatch, logs: tuple[str, str], values: str
) -> None:
    topic, seen, starts = await make_topic(kafka_url, 1), list[str](), 0
    identities = iter((logs[0], logs[0]))
    for message in numbered(
        topic, 0, 5
    ):  # one batch each: the embedded broker reports the start of the last batch as its end
        await producer.send(message)

    async def identity(_: LogIdentity) -> str:
        return next(identities, logs[1])

    def start() -> None:
        nonlocal starts
        starts += 1

    def apply(record: Record) -> None:
        seen.append((record.value or b"").decode())

    async def interrupt_once() -> None:
        if starts == 1 and len(seen) == 5:
            raise Unavailable("an interruption")

    monkeypatch.setattr(LogIdentity, "current", identity)
    tail = LogTail(
        Settings(kafka=kafka_url),
        from_beginning=[Topic(topic, 1)],
        apply=apply,
        reset=start,
        settle=interrupt_once,
        goes_on=True,
    )
    task = start_task(tail.run(), "tail")
    try:
        await until(lambda: starts >= 2, "the tail has started again")
        await producer.send(*numbered(topic, 5, 1))
        await until(lambda: seen[-1] == "5", "the next record is read")
    finally:
        await stop_task(task)

    assert "".join(seen) == values


async def test_heartbeats_leave_a_tail_at_rest_and_news_wake_it(
    kafka_url: str, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, waits = await make_topic(kafka_url, 1), list[int]()
    settings = Settings(kafka=kafka_url)
    heartbeat = replace(encode(RankingsChecked(checked_at=now())), topic=topic)
    monkeypatch.setattr(pace, "AWAKE_S", 1.0)
    monkeypatch.setattr(tail_module, "set_fetch_wait", lambda _, wait_ms: waits.append(wait_ms))
    tail = LogTail(
        settings,
        from_beginning=[Topic(topic, 1)],
        apply=lambda _: None,
        reset=lambda: None,
        heartbeats=[RankingsChecked],
    )
    task = start_task(tail.run(), "tail")
    try:

        async def rests() -> bool:
            await producer.send(heartbeat)
            return waits[-1:] == [settings.rest_wait_ms(is_urgent=False)]

        await eventually(rests, every_s=0.2, what="the tail rests while heartbeats arrive")
        await producer.send(*numbered(topic, 0, 1))
        await until(lambda: waits[-1] == settings.kafka_fetch_wait_ms, "news wake the tail")
    finally:
        await stop_task(task)
