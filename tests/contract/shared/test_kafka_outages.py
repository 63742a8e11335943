"""Consumers and producers when the broker dies, restarts empty, or hangs. Each test has its own embedded broker."""

import asyncio
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.engines import provide_topics
from deploy.local.probes import listens
from shared.errors import Unavailable
from shared.kafka.producer import Producer
from shared.process.process import EXIT_BROKEN
from tests.support.kafka import Broker, Memory, bus_settings, make_topic, numbered, running, unique
from tests.support.polling import PATIENCE_S, eventually, until


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    await broker.start()
    yield broker
    broker.kill()


async def _send_until_acknowledged(producer: Producer, topic: str, first: int, count: int) -> None:
    await _until_acknowledged(lambda: producer.send(*numbered(topic, first, count)))


async def _until_acknowledged(send: Callable[[], Awaitable[None]]) -> None:
    """Retry as every caller does."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await send()
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return


@pytest.mark.parametrize(
    "sent_after", [pytest.param(3, id="a shorter log", marks=pytest.mark.long), pytest.param(200, id="a longer log")]
)
async def test_log_that_replaced_another_is_read_from_its_beginning(broker: Broker, sent_after: int) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await producer.send(*numbered(topic, 0, 100))
        await until(lambda: len(sink.values) == 100, "the first log is applied")
        broker.kill()
        await broker.start()
        await _send_until_acknowledged(producer, topic, 1000, sent_after)
        await until(lambda: {*sink.values} >= {str(1000 + n) for n in range(sent_after)}, "the second log is applied")
        await until(lambda: runner.ready, "the member is ready")

    logs = {batch.log_id for batch in sink.batches}
    second = [batch for batch in sink.batches if batch.log_id == sink.batches[-1].log_id]
    assert len(logs) == 2
    for batch in sink.batches:
        numbers = {int(record.value or b"") for record in batch.records}
        assert (max(numbers) < 1000) == (batch.log_id == sink.batches[0].log_id), "a batch has the identity of its log"
    assert {record.value for batch in second for record in batch.records} == {
        str(1000 + n).encode() for n in range(sent_after)
    }
    assert min(batch.start for batch in second) == 0
    await producer.stop()


async def test_member_waits_for_its_topics(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        broker.kill()
        await broker.start(topics=False)
        await until(lambda: not runner.ready, "the member is not ready")
        before = _cpu_s()
        await asyncio.sleep(2)
        spent = _cpu_s() - before
        assert not runner.ready
        await provide_topics(broker.url)
        await _send_until_acknowledged(producer, topic, 0, 10)
        await until(lambda: len(sink.values) >= 10, "the new topics are read")

    assert spent < 1, f"{spent:.1f} s of CPU in two seconds of waiting"
    await producer.stop()


async def test_runner_is_not_ready_between_two_members(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.kafka.group._READY_WITHIN_S", 3600.0)  # progress must not decide
    settings = bus_settings(broker.url, idempotence=False).model_copy(update={"stall_timeout_s": 7200.0})

    async with running(settings, unique("g"), "views.v1", Memory()) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        monkeypatch.setattr("shared.kafka.group._REBUILD_AFTER_S", 3600.0)
        broker.kill()
        await broker.start()
        await until(lambda: not runner.partitions, "the first member has ended")
        assert not runner.ready


async def test_send_to_a_missing_topic_does_not_create_it(broker: Broker) -> None:
    broker.kill()
    await broker.start(topics=False)
    producer = Producer(broker.url, idempotence=False, timeout_s=2)

    with pytest.raises(Unavailable):
        await producer.send(*numbered("views.v1", 0, 1))
    await provide_topics(broker.url)
    await _send_until_acknowledged(producer, "views.v1", 0, 1)

    await producer.stop()


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "as a batch"])
async def test_send_returns_only_after_a_new_broker_has_its_topics(broker: Broker, *, together: bool) -> None:
    topic, rounds = "pages.v1", 3
    producer = Producer(broker.url, idempotence=False, timeout_s=5)

    async def send(number: int) -> None:
        if together:
            await producer.send_batch(topic, 0, numbered(topic, number, 1))
        else:
            await producer.send(*numbered(topic, number, 1))

    await send(0)
    for number in range(1, rounds + 1):
        broker.kill()
        await broker.start(topics=False)
        sending = asyncio.create_task(_until_acknowledged(partial(send, number)))
        await eventually(lambda: listens(int(broker.url.rpartition(":")[2])), what="the broker listens")
        early = (await asyncio.wait({sending}, timeout=1))[0]
        assert not early, "the send returned before the topic was created"
        await provide_topics(broker.url)
        await sending
        await _until_in_log(broker.url, topic, str(number))

    await producer.stop()


async def _until_in_log(url: str, topic: str, value: str) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=url, auto_offset_reset="none") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()

        async def found() -> bool:
            fetched = await consumer.getmany(timeout_ms=100)
            return any(record.value == value.encode() for records in fetched.values() for record in records)

        await eventually(found, what=f"{value} is in the log")


async def test_broker_with_a_wrong_number_of_partitions_is_refused(broker: Broker) -> None:
    broker.kill()
    await broker.start(topics=False)
    await eventually(lambda: listens(int(broker.url.rpartition(":")[2])), what="the broker listens")
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.url)
    await admin.start()
    await admin.create_topics([NewTopic("views.v1", 4, 1)])
    await admin.close()

    with pytest.raises(Unavailable, match=r"views\.v1: 4 partitions, not 6"):
        await provide_topics(broker.url)


async def test_member_without_broker_waits_idle_and_can_be_stopped(broker: Broker) -> None:
    sink = Memory()

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), "views.v1", sink) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        broker.kill()
        await until(lambda: not runner.ready, "the member is not ready")
        before = _cpu_s()
        await asyncio.sleep(2)
        spent = _cpu_s() - before

    assert spent < 0.7, f"{spent:.1f} s of CPU in two seconds of waiting"


@pytest.mark.long
async def test_member_is_not_ready_while_its_broker_hangs(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        broker.signal(signal.SIGSTOP)
        await until(lambda: not runner.ready, "the member is not ready")
        with pytest.raises(Unavailable):
            await producer.send(*numbered(topic, 0, 1))
        broker.signal(signal.SIGCONT)
        await _send_until_acknowledged(producer, topic, 10, 5)
        await until(lambda: {*sink.values} >= {"10", "11", "12", "13", "14"}, "the member goes on")

    await producer.stop()


async def test_producer_fails_within_its_bound_and_recovers_after_an_outage(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=2)
    await producer.send(*numbered(topic, 0, 1))

    broker.kill()
    for number in (1, 2):
        # Ended by the producer's bound or a refused connection, not by aiokafka's longer timeouts.
        with pytest.raises(Unavailable, match=r"no answer within 2 s|connect: Kafka"):
            await producer.send(*numbered(topic, number, 1))
    await broker.start()
    await _send_until_acknowledged(producer, topic, 3, 1)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink):
        await until(lambda: "3" in sink.values, "the acknowledged record is in the log")
    assert sink.values == ["3"], "no failed send arrives later"
    await producer.stop()


_STUCK = """
import asyncio
from shared.kafka.group import GroupRunner
from shared.settings import Settings
from tests.support.kafka import Memory

class Stuck(Memory):
    async def apply(self, batch):
        await asyncio.Event().wait()

async def main():
    settings = Settings.load()
    await GroupRunner(settings, group="{group}", topics=["{topic}"], sink=Stuck()).run()

asyncio.run(main())
"""


async def test_stuck_member_ends_its_process(kafka_url: str, embedded_kafka: bool) -> None:
    topic = await make_topic(kafka_url, 1)
    producer = Producer(kafka_url, idempotence=not embedded_kafka)
    await producer.send(*numbered(topic, 0, 1))
    await producer.stop()

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _STUCK.format(group=unique("g"), topic=topic),
        env={"WM_KAFKA": kafka_url, "WM_STALL_TIMEOUT_S": "6", "PYTHONPATH": "."},
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(PATIENCE_S):
        code = await process.wait()

    assert code == EXIT_BROKEN


@pytest.mark.long
async def test_member_whose_fetch_task_ended_is_not_ready(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready and runner.lag == 0, "the member has its assignment")
        assert runner._member is not None
        fetcher = runner._member._consumer._fetcher
        assert fetcher is not None
        fetcher._fetch_task.cancel()
        await producer.send(*numbered(topic, 0, 5))
        await until(lambda: not runner.ready, "the member is not ready")

    await producer.stop()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
