"""The group runner and the producer on a real broker."""

import asyncio
import resource
import time
from contextlib import suppress
from threading import Thread

import pytest

from shared.errors import InvalidMessage
from shared.events import Message
from shared.kafka.group import GroupRunner
from shared.kafka.producer import MAX_MESSAGE_BYTES, Producer
from shared.kafka.sinks import Batch, PositionDiffers
from shared.settings import Settings
from tests.support.kafka import Memory, make_topic, numbered, running, unique
from tests.support.polling import until


class Crash(Exception):
    """The end of a process: nothing after it is executed."""


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


class PatientMemory(Memory):
    """Applies a batch when the next records were fetched, of the `runner`'s member."""

    runner: GroupRunner

    async def apply(self, batch: Batch) -> None:
        batch.read_ahead()
        member = self.runner._member
        await until(lambda: member and member._ahead and member._ahead.done(), "the next records are fetched")
        await super().apply(batch)


async def test_records_are_fetched_while_others_are_applied(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 3), PatientMemory()
    await producer.send(*numbered(topic, 0, 2000))

    async with running(settings, unique("g"), topic, sink) as sink.runner:
        await until(lambda: len(sink.values) >= 2000, "all are applied")

    assert sorted(map(int, sink.values)) == list(range(2000))


async def test_records_fetched_ahead_of_another_position_are_dropped(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), PatientMemory()
    await producer.send(*numbered(topic, 0, 1200))

    def ask_for_four(batch: Batch) -> None:
        sink.before = lambda _: None
        raise PositionDiffers(4)

    sink.before = ask_for_four
    async with running(settings, unique("g"), topic, sink) as sink.runner:
        await until(lambda: len(sink.values) >= 1196, "the member goes on at 4")

    assert sink.values == [str(n) for n in range(4, 1200)]


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


async def test_watchdog_ends_a_stalled_process_but_not_one_that_was_suspended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    monkeypatch.setattr("shared.kafka.group.end_process", ended.append)
    settings = settings.model_copy(update={"stall_timeout_s": 2.0})
    runner = GroupRunner(settings, group=unique("g"), topics=["none"], sink=Memory())
    watchdog = asyncio.create_task(runner._watch())

    await asyncio.sleep(0.1)
    time.sleep(3.0)  # the whole process stands still
    await asyncio.sleep(0.1)
    assert not ended
    await until(lambda: ended, "a member without progress ends its process")
    await watchdog
