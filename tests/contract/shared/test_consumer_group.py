"""The consumer runner and the producer on a real broker: what every service builds on."""

import asyncio
import resource
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import pairwise
from threading import Thread

import pytest
from aiokafka.consumer.subscription_state import SubscriptionState

from shared.errors import InvalidMessage, Unavailable
from shared.events import Message
from shared.kafka import member as member_module
from shared.kafka.producer import MAX_MESSAGE_BYTES, Producer
from shared.kafka.sinks import Batch, PositionDiffers, StateTopicSink
from shared.process import metrics
from shared.settings import Settings
from tests.support.kafka import Memory, bus_settings, make_topic, numbered, running, unique
from tests.support.polling import until


class Crash(Exception):
    """What a process that dies looks like to its neighbours: nothing after it happens."""


@pytest.fixture
def settings(kafka_url: str, embedded_kafka: bool) -> Settings:
    return bus_settings(kafka_url, idempotence=not embedded_kafka)


@pytest.fixture
async def producer(settings: Settings):  # type: ignore[no-untyped-def]
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    yield producer
    await producer.stop()


async def test_what_was_sent_is_applied_in_order_from_the_beginning(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 300))

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: len(sink.values) >= 300, "all are applied")
        await until(lambda: runner.lag == 0, "nothing is left")
        assert runner.ready

    assert sink.values == [str(n) for n in range(300)]
    assert [batch.start for batch in sink.batches] == [0, *(batch.end for batch in sink.batches[:-1])]


async def test_a_member_goes_on_where_its_group_has_committed(settings: Settings, producer: Producer) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 3), unique("g"), Memory(), Memory()
    await producer.send(*numbered(topic, 0, 50))
    async with running(settings, group, topic, first):
        await until(lambda: len(first.values) == 50, "the first member applies all")

    await producer.send(*numbered(topic, 50, 10))
    async with running(settings, group, topic, second):
        await until(lambda: len(second.values) >= 10, "the second member applies the rest")

    assert sorted(map(int, second.values)) == list(range(50, 60))


async def test_what_was_applied_but_not_committed_comes_again_after_a_crash(
    settings: Settings, producer: Producer
) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 1), unique("g"), Memory(), Memory()
    await producer.send(*numbered(topic, 0, 5))

    def crash(_: Batch) -> None:
        raise Crash

    first.after = crash
    with suppress(Crash):
        async with running(settings, group, topic, first):
            await until(lambda: len(first.values) == 5, "the first member applies, and dies")
    async with running(settings, group, topic, second):
        await until(lambda: len(second.values) == 5, "its successor applies the same")

    assert second.values == first.values


async def test_a_sink_that_names_a_position_is_placed_there(settings: Settings, producer: Producer) -> None:
    topic = await make_topic(settings.kafka, 1)
    sink = Memory({(topic, 0): 7})
    await producer.send(*numbered(topic, 0, 10))

    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 3, "the tail is applied")

    assert sink.values == ["7", "8", "9"]
    assert sink.batches[0].start == 7


async def test_a_gap_sets_the_member_to_where_the_sink_wants_to_go_on(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 10))
    asked: list[int] = []

    def ask_for_four(batch: Batch) -> None:
        if not asked:
            asked.append(batch.start)
            raise PositionDiffers(4)

    sink.before = ask_for_four
    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 6, "it goes on at four")

    assert asked == [0]
    assert sink.values == ["4", "5", "6", "7", "8", "9"]


async def test_a_position_that_the_log_never_had_is_reported_and_the_beginning_taken(
    settings: Settings, producer: Producer
) -> None:
    topic = await make_topic(settings.kafka, 1)
    sink = Memory({(topic, 0): 5000})
    await producer.send(*numbered(topic, 0, 3))

    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 3, "all of the log is applied")

    assert sink.lost == [(topic, 0, 0)]
    assert sink.values == ["0", "1", "2"]


async def test_a_member_that_slept_does_not_take_the_end_of_before_for_the_logs_end(
    settings: Settings, producer: Producer
) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 10))

    def sleep_while_another_goes_on(batch: Batch) -> None:
        if batch.start < 10:
            return
        sink.before = lambda _: None
        # Nothing runs here meanwhile, as in a process that was stopped: what was fetched before is all that is known.
        writing = Thread(target=asyncio.run, args=[_write_one_by_one(settings, topic, 11, 30)])
        writing.start()
        writing.join()
        raise PositionDiffers(41)

    sink.before = sleep_while_another_goes_on
    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) == 10, "the member is at the end")
        await producer.send(*numbered(topic, 10, 1))
        await until(lambda: sink.before != sleep_while_another_goes_on, "another goes on")
        await producer.send(*numbered(topic, 41, 3))
        await until(lambda: "43" in sink.values, "the member goes on where the other was")

    assert sink.lost == []
    assert sink.values == [str(n) for n in (*range(10), 41, 42, 43)]


async def _write_one_by_one(settings: Settings, topic: str, first: int, count: int) -> None:
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    for message in numbered(topic, first, count):
        await producer.send(message)
    await producer.stop()


async def test_a_second_member_takes_its_share_and_gives_it_back(settings: Settings, producer: Producer) -> None:
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
            lambda: {*first.values, *second.values} == set(map(str, range(sent + 20))), "what came later is applied"
        )

    for partition in range(4):
        ends = [batch.end for sink in (first, second) for batch in sink.batches if batch.partition == partition]
        assert len(ends) == len(set(ends)), "an orderly hand-over repeats nothing"


async def test_a_batch_that_outlasts_its_drain_is_neither_lost_nor_taken_for_the_next_owners(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_module, "_DRAIN_S", 0.5)
    topic, group, first, second = await make_topic(settings.kafka, 2), unique("g"), Memory(), Memory()
    let_go = asyncio.Event()
    first.hold = let_go
    await producer.send(*numbered(topic, 0, 40))

    async with running(settings, group, topic, first) as one:
        await until(lambda: first.held, "the first member is in the middle of a batch")
        async with running(settings, group, topic, second) as two:
            await until(lambda: len(two.partitions) == 1, "the second has its share meanwhile")
            let_go.set()
            await producer.send(*numbered(topic, 40, 40))
            await until(lambda: {*first.values, *second.values} == set(map(str, range(80))), "all are applied")
            await until(lambda: one.lag == two.lag == 0, "and both know it")

    for sink in (first, second):
        for partition in (0, 1):
            batches = [batch for batch in sink.batches if batch.partition == partition]
            for earlier, later in pairwise(batches):
                assert later.start <= earlier.end, "nothing is left out between two batches"


@pytest.mark.long
async def test_members_come_and_go_while_messages_flow_and_none_is_left_out(
    settings: Settings, producer: Producer
) -> None:
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
                await until(lambda runner=runner: runner.ready, "a guest has its assignment")  # type: ignore[misc]
        sending.cancel()
        await until(
            lambda: {value for sink in sinks for value in sink.values} >= set(map(str, range(sent))), "all are applied"
        )


async def test_an_unavailable_neighbour_makes_the_member_come_again_with_the_same_batch(
    settings: Settings, producer: Producer
) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 5))
    refused: list[int] = []

    def refuse_once(batch: Batch) -> None:
        if not refused:
            refused.append(batch.start)
            raise Unavailable("MongoDB is away")

    sink.before = refuse_once
    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 5, "it is applied in the end")

    assert refused == [0]
    assert sink.values == ["0", "1", "2", "3", "4"]


async def test_a_member_whose_batches_are_refused_is_not_ready_until_they_are_taken(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.group._READY_WITHIN_S", 4.0)  # longer than the pause between two tries
    topic, sink = await make_topic(settings.kafka, 1), Memory()

    def refuse(_: Batch) -> None:
        raise Unavailable("Redis takes no writes")

    sink.before = refuse
    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "it has its assignment")
        await producer.send(*numbered(topic, 0, 1))
        await until(lambda: not runner.ready, "it says that it does not get on")
        sink.before = lambda _: None
        await until(lambda: runner.ready and sink.values == ["0"], "it gets on")


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
        coordinator = member._consumer._coordinator
        generation = coordinator.generation, coordinator.member_id
        runner._stall_timeout_s = 3.0  # only now: the first assignment may take longer
        await asyncio.sleep(5)
        assert not runner.ready
        assert runner.partitions == ((topic, 0),)
        sink.back = True
        await until(lambda: len(sink.stored) == 10 and runner.ready, "the member goes on")
        await producer.send(*numbered(topic, 10, 5))
        await until(lambda: len(sink.stored) == 15, "records from after the outage are applied")

        assert runner._member is member
        assert (coordinator.generation, coordinator.member_id) == generation
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


class LosesIt(Memory):
    """A sink whose member loses its partitions while the sink is at work, before it answers where to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.lose: Callable[[], Awaitable[None]] | None = None

    async def apply(self, batch: Batch) -> None:
        if batch.records[0].value == b"gap":
            await self._lose()
            raise PositionDiffers(batch.end)
        await super().apply(batch)

    async def differing_positions(self, held: Mapping[tuple[str, int], int]) -> Mapping[tuple[str, int], int]:
        if not self.values:
            return {}
        await self._lose()
        return dict.fromkeys(held, 0)

    async def _lose(self) -> None:
        assert self.lose is not None
        await self.lose()
        self.answers += 1


@pytest.mark.parametrize("value", [b"gap", b"strays"])
async def test_a_member_does_not_go_on_with_what_it_lost_meanwhile(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch, value: bytes
) -> None:
    monkeypatch.setattr("shared.kafka.member._DRAIN_S", 0.1)
    topic, sink = await make_topic(settings.kafka, 1), LosesIt()

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "it has its assignment")
        member = runner._member
        assert member is not None
        sink.lose = partial(member.on_partitions_revoked, [])
        await producer.send(Message(topic, b"k", value, ()))
        await until(lambda: sink.answers, "the sink has answered, too late")
        assert runner.partitions == ()
        assert not runner.ready


async def test_a_member_that_waits_for_messages_costs_next_to_nothing(settings: Settings) -> None:
    topic, sink = await make_topic(settings.kafka, 3), Memory()

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready and runner.lag == 0, "it has nothing to do")
        before = _cpu_s()
        await asyncio.sleep(2)
        spent = _cpu_s() - before

    assert spent < 0.5, f"{spent:.2f} s of CPU in two idle seconds"


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def test_a_message_that_kafka_would_refuse_is_refused_before_it_is_sent(
    settings: Settings, producer: Producer
) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    large = Message(topic, b"k", b"x" * (MAX_MESSAGE_BYTES + 1), ())

    with pytest.raises(InvalidMessage):
        await producer.send(*numbered(topic, 0, 1), large)
    await producer.send(*numbered(topic, 1, 1))

    async with running(settings, unique("g"), topic, sink):
        await until(lambda: bool(sink.values), "the good one is there")
    assert sink.values == ["1"]
