"""The group runner and the producer on a real broker."""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import pairwise
from threading import Thread

import pytest
from aiokafka.consumer.subscription_state import SubscriptionState

from shared.errors import InvalidMessage, Unavailable
from shared.events import Message
from shared.kafka.member import Member
from shared.kafka.producer import MAX_MESSAGE_BYTES, Producer
from shared.kafka.sinks import Batch, PositionDiffers, StateTopicSink
from shared.process import metrics
from shared.settings import Settings
from tests.support.kafka import Memory, bus_settings, make_topic, numbered, running, unique
from tests.support.polling import until


class Crash(Exception):
    """The end of a process: nothing after it is executed."""


@pytest.fixture
def settings(kafka_url: str, embedded_kafka: bool) -> Settings:
    return bus_settings(kafka_url, idempotence=not embedded_kafka)


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[Producer]:
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    yield producer
    await producer.stop()


async def test_records_are_applied_in_order_from_the_beginning(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 300))

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: len(sink.values) >= 300, "all are applied")
        await until(lambda: runner.lag == 0, "the lag is 0")
        assert runner.ready

    assert sink.values == [str(n) for n in range(300)]
    assert [batch.start for batch in sink.batches] == [0, *(batch.end for batch in sink.batches[:-1])]


async def test_member_goes_on_at_the_committed_offset(settings: Settings, producer: Producer) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 3), unique("g"), Memory(), Memory()
    await producer.send(*numbered(topic, 0, 50))
    async with running(settings, group, topic, first):
        await until(lambda: len(first.values) == 50, "the first member applies all")

    await producer.send(*numbered(topic, 50, 10))
    async with running(settings, group, topic, second):
        await until(lambda: len(second.values) >= 10, "the second member applies the rest")

    assert sorted(map(int, second.values)) == list(range(50, 60))


async def test_group_can_be_joined_after_its_members_ended_together(settings: Settings) -> None:
    topic, group = await make_topic(settings.kafka, 4), unique("g")
    async with running(settings, group, topic, Memory()) as leader:
        await until(lambda: len(leader.partitions) == 4, "the leader has all partitions")
        async with running(settings, group, topic, Memory()) as other:
            await until(lambda: len(leader.partitions) == len(other.partitions) == 2, "both have partitions")

    async with running(settings, group, topic, Memory()) as successor:
        await until(lambda: len(successor.partitions) == 4, "the successor has all partitions")


async def test_uncommitted_records_are_applied_again_after_a_crash(settings: Settings, producer: Producer) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 1), unique("g"), Memory(), Memory()
    await producer.send(*numbered(topic, 0, 5))

    def crash(_: Batch) -> None:
        raise Crash

    first.after = crash
    with suppress(Crash):
        async with running(settings, group, topic, first):
            await until(lambda: len(first.values) == 5, "the first member applies, then crashes")
    async with running(settings, group, topic, second):
        await until(lambda: len(second.values) == 5, "its successor applies the same records")

    assert second.values == first.values


async def test_member_starts_at_the_position_of_its_sink(settings: Settings, producer: Producer) -> None:
    topic = await make_topic(settings.kafka, 1)
    sink = Memory({(topic, 0): 7})
    await producer.send(*numbered(topic, 0, 10))

    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 3, "the records from 7 on are applied")

    assert sink.values == ["7", "8", "9"]
    assert sink.batches[0].start == 7


async def test_member_goes_on_at_the_position_that_differs(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 10))
    asked: list[int] = []

    def ask_for_four(batch: Batch) -> None:
        if not asked:
            asked.append(batch.start)
            raise PositionDiffers(4)

    sink.before = ask_for_four
    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 6, "the member goes on at 4")

    assert asked == [0]
    assert sink.values == ["4", "5", "6", "7", "8", "9"]


async def test_position_past_the_end_is_reported_and_reset_to_the_beginning(
    settings: Settings, producer: Producer
) -> None:
    topic = await make_topic(settings.kafka, 1)
    sink = Memory({(topic, 0): 5000})
    await producer.send(*numbered(topic, 0, 3))

    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 3, "the whole log is applied")

    assert sink.lost == [(topic, 0, 0)]
    assert sink.values == ["0", "1", "2"]


async def test_suspended_member_does_not_trust_its_old_end_of_the_log(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 10))

    def suspend_while_another_writes(batch: Batch) -> None:
        if batch.start < 10:
            return
        sink.before = lambda _: None
        # Blocks this event loop, as in a suspended process: the member only knows the end from before.
        writing = Thread(target=asyncio.run, args=[_write_one_by_one(settings, topic, 11, 30)])
        writing.start()
        writing.join()
        raise PositionDiffers(41)

    sink.before = suspend_while_another_writes
    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) == 10, "the member is at the end")
        await producer.send(*numbered(topic, 10, 1))
        await until(lambda: sink.before != suspend_while_another_writes, "another producer has written")
        await producer.send(*numbered(topic, 41, 3))
        await until(lambda: "43" in sink.values, "the member goes on at 41")

    assert sink.lost == []
    assert sink.values == [str(n) for n in (*range(10), 41, 42, 43)]


async def _write_one_by_one(settings: Settings, topic: str, first: int, count: int) -> None:
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    for message in numbered(topic, first, count):
        await producer.send(message)
    await producer.stop()


async def test_second_member_gets_its_share_and_gives_it_back(settings: Settings, producer: Producer) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 4), unique("g"), Memory(), Memory()
    sent = 0

    async with running(settings, group, topic, first) as one:
        await until(lambda: len(one.partitions) == 4, "the first member has all")
        async with running(settings, group, topic, second) as two:
            await until(lambda: len(one.partitions) == len(two.partitions) == 2, "each has half")
            while not (first.values and second.values):
                await producer.send(*numbered(topic, sent, 20))
                sent += 20
            await until(lambda: {*first.values, *second.values} == set(map(str, range(sent))), "all are applied")
        await until(lambda: len(one.partitions) == 4, "the first member has all again")
        await producer.send(*numbered(topic, sent, 20))
        await until(
            lambda: {*first.values, *second.values} == set(map(str, range(sent + 20))), "later records are applied"
        )

    for partition in range(4):
        ends = [batch.end for sink in (first, second) for batch in sink.batches if batch.partition == partition]
        assert len(ends) == len(set(ends)), "no batch is applied twice in a graceful rebalance"


async def test_batch_that_outlasts_its_drain_is_not_lost(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.member._DRAIN_S", 0.5)
    topic, group, first, second = await make_topic(settings.kafka, 2), unique("g"), Memory(), Memory()
    release = asyncio.Event()
    first.hold = release
    await producer.send(*numbered(topic, 0, 40))

    async with running(settings, group, topic, first) as one:
        await until(lambda: first.held, "the first member is in the middle of a batch")
        async with running(settings, group, topic, second) as two:
            await until(lambda: len(two.partitions) == 1, "the second member has its share")
            release.set()
            await producer.send(*numbered(topic, 40, 40))
            await until(lambda: {*first.values, *second.values} == set(map(str, range(80))), "all are applied")
            await until(lambda: one.lag == two.lag == 0, "both members are at the end")

    for sink in (first, second):
        for partition in (0, 1):
            batches = [batch for batch in sink.batches if batch.partition == partition]
            for earlier, later in pairwise(batches):
                assert later.start <= earlier.end, "no record is skipped between two batches"


@pytest.mark.long
async def test_members_join_and_leave_while_records_arrive_without_loss(settings: Settings, producer: Producer) -> None:
    topic, group, sinks = await make_topic(settings.kafka, 3), unique("g"), [Memory() for _ in range(4)]
    sent = 0

    async def keep_sending() -> None:
        nonlocal sent
        while True:
            await producer.send(*numbered(topic, sent, 5))
            sent += 5
            await asyncio.sleep(0.02)

    async with running(settings, group, topic, sinks[0]):
        sending = asyncio.create_task(keep_sending())
        for sink in sinks[1:]:
            async with running(settings, group, topic, sink) as runner:
                await until(lambda runner=runner: runner.ready, "the new member has its assignment")  # type: ignore[misc]
        sending.cancel()
        await until(
            lambda: {value for sink in sinks for value in sink.values} >= set(map(str, range(sent))), "all are applied"
        )


async def test_batch_is_retried_after_unavailable(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 5))
    refused: list[int] = []

    def refuse_once(batch: Batch) -> None:
        if not refused:
            refused.append(batch.start)
            raise Unavailable("MongoDB is away")

    sink.before = refuse_once
    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 5, "the batch is applied")

    assert refused == [0]
    assert sink.values == ["0", "1", "2", "3", "4"]


async def test_member_is_not_ready_while_its_batches_are_refused(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.group._READY_WITHIN_S", 4.0)  # longer than the pause between two tries
    topic, sink = await make_topic(settings.kafka, 1), Memory()

    def refuse(_: Batch) -> None:
        raise Unavailable("Redis takes no writes")

    sink.before = refuse
    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        await producer.send(*numbered(topic, 0, 1))
        await until(lambda: not runner.ready, "the member is not ready")
        sink.before = lambda _: None
        await until(lambda: runner.ready and sink.values == ["0"], "the member is ready again")


class Away(StateTopicSink):
    """A sink whose store is away for the batch with a certain value, until it is `back`."""

    def __init__(self, away_at: str) -> None:
        super().__init__(self._store, batch_limit=2)
        self.back = False
        self.stored: list[str] = []
        self.refused: list[int] = []
        self._away_at = away_at

    async def _store(self, batch: Batch) -> None:
        values = [(record.value or b"").decode() for record in batch.records]
        if self._away_at in values and not self.back:
            self.refused.append(batch.tries)
            raise Unavailable("the store is away")
        self.stored += values


def _generation(member: Member) -> tuple[int, str]:
    coordinator = member._consumer._coordinator
    assert coordinator is not None
    return coordinator.generation, coordinator.member_id


async def test_member_keeps_its_membership_while_a_store_is_away(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shortened: an outage of 5 s that outlasts the watchdog's limit and two heartbeats.

    aiokafka believes that nobody has polled for an hour. With its usual limit of five minutes it would leave the group.
    """
    ended: list[str] = []
    monkeypatch.setattr("shared.kafka.group.end_process", ended.append)
    monkeypatch.setattr("shared.kafka.group._READY_WITHIN_S", 1.0)
    monkeypatch.setattr(SubscriptionState, "fetcher_idle_time", property(lambda _: 3600.0))
    settings = settings.model_copy(update={"session_timeout_ms": 6000, "stall_timeout_s": 10.0})
    topic, sink = await make_topic(settings.kafka, 1), Away("5")
    await producer.send(*numbered(topic, 0, 10))

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: sink.refused, "the store is away")
        member, rebalances = runner._member, metrics.REBALANCES._value.get()
        assert member is not None
        generation = _generation(member)
        runner._stall_timeout_s = 3.0  # only now: the first assignment may take longer
        await asyncio.sleep(5)
        assert not runner.ready
        assert runner.partitions == ((topic, 0),)
        sink.back = True
        await until(lambda: len(sink.stored) == 10 and runner.ready, "the member goes on")
        await producer.send(*numbered(topic, 10, 5))
        await until(lambda: len(sink.stored) == 15, "records from after the outage are applied")

        assert runner._member is member
        assert _generation(member) == generation
        assert metrics.REBALANCES._value.get() == rebalances
    assert sink.stored == [str(number) for number in range(15)], "each record is applied once, in order"
    assert sink.refused == list(range(1, len(sink.refused) + 1)), "only one batch is retried"
    assert not ended


async def test_stop_while_a_store_is_away_commits_what_was_applied(settings: Settings, producer: Producer) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 1), unique("g"), Away("5"), Away("none")
    await producer.send(*numbered(topic, 0, 10))

    async with running(settings, group, topic, first):
        await until(lambda: first.refused, "the store is away")
    async with running(settings, group, topic, second):
        await until(lambda: "9" in second.stored, "the next member goes on")

    assert first.stored + second.stored == [str(number) for number in range(10)]


class RevokedDuringCall(Memory):
    """A sink whose member loses its partitions during a call, before the sink answers with a position."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.revoke: Callable[[], Awaitable[None]] | None = None

    async def apply(self, batch: Batch) -> None:
        if batch.records[0].value == b"in apply":
            await self._revoke()
            raise PositionDiffers(batch.end)
        await super().apply(batch)

    async def differing_positions(self, held: Mapping[tuple[str, int], int]) -> Mapping[tuple[str, int], int]:
        if not self.values:
            return {}
        await self._revoke()
        return dict.fromkeys(held, 0)

    async def _revoke(self) -> None:
        assert self.revoke is not None
        await self.revoke()
        self.answers += 1


@pytest.mark.parametrize("value", [b"in apply", b"in position check"])
async def test_member_does_not_go_on_with_a_revoked_partition(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch, value: bytes
) -> None:
    monkeypatch.setattr("shared.kafka.member._DRAIN_S", 0.1)
    topic, sink = await make_topic(settings.kafka, 1), RevokedDuringCall()

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        member = runner._member
        assert member is not None
        sink.revoke = partial(member.on_partitions_revoked, [])
        await producer.send(Message(topic, b"k", value, ()))
        await until(lambda: sink.answers, "the sink has answered after the revocation")
        assert runner.partitions == ()
        assert not runner.ready


async def test_idle_member_uses_little_processor_time(settings: Settings) -> None:
    topic, sink = await make_topic(settings.kafka, 3), Memory()

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready and runner.lag == 0, "the member is idle")
        before = _cpu_s()
        await asyncio.sleep(2)
        spent = _cpu_s() - before

    assert spent < 0.5, f"{spent:.2f} s of CPU in two idle seconds"


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def test_too_large_message_is_refused_before_the_send(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    large = Message(topic, b"k", b"x" * (MAX_MESSAGE_BYTES + 1), ())

    with pytest.raises(InvalidMessage):
        await producer.send(*numbered(topic, 0, 1), large)
    await producer.send(*numbered(topic, 1, 1))

    async with running(settings, unique("g"), topic, sink):
        await until(lambda: bool(sink.values), "the good message is applied")
    assert sink.values == ["1"]
