"""The bus when its broker dies, comes back empty, or hangs. A broker of the tests' own: the embedded one, in memory."""

import asyncio
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

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


async def _send_again(producer: Producer, topic: str, first: int, count: int) -> None:
    await _until_acknowledged(lambda: producer.send(*numbered(topic, first, count)))


async def _until_acknowledged(send: Callable[[], Awaitable[None]]) -> None:
    """Send until it is acknowledged, as every caller does."""
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
async def test_a_log_that_replaced_the_known_one_is_read_from_its_beginning(broker: Broker, sent_after: int) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await producer.send(*numbered(topic, 0, 100))
        await until(lambda: len(sink.values) == 100, "the first log is applied")
        broker.kill()
        await broker.start()
        await _send_again(producer, topic, 1000, sent_after)
        await until(lambda: {*sink.values} >= {str(1000 + n) for n in range(sent_after)}, "the second log is applied")
        await until(lambda: runner.ready, "the member is well")

    logs = {batch.log_id for batch in sink.batches}
    second = [batch for batch in sink.batches if batch.log_id == sink.batches[-1].log_id]
    assert len(logs) == 2
    for batch in sink.batches:
        numbers = {int(record.value or b"") for record in batch.records}
        assert (max(numbers) < 1000) == (batch.log_id == sink.batches[0].log_id), "a batch is applied under its own log"
    assert {record.value for batch in second for record in batch.records} == {
        str(1000 + n).encode() for n in range(sent_after)
    }
    assert min(batch.start for batch in second) == 0
    await producer.stop()


async def test_a_log_without_its_topics_is_waited_for(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "it has its assignment")
        broker.kill()
        await broker.start(topics=False)
        await until(lambda: not runner.ready, "it says that it is not well")
        before = _cpu_s()
        await asyncio.sleep(2)
        spent = _cpu_s() - before
        assert not runner.ready
        await provide_topics(broker.url)
        await _send_again(producer, topic, 0, 10)
        await until(lambda: len(sink.values) >= 10, "the topics are there, and read")

    assert spent < 1, f"{spent:.1f} s of CPU in two seconds of waiting"
    await producer.stop()


async def test_a_member_that_ended_is_not_ready_while_the_next_one_is_waited_for(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.group._READY_WITHIN_S", 3600.0)  # else it is not ready because it does not get on
    settings = bus_settings(broker.url, idempotence=False).model_copy(update={"stall_timeout_s": 7200.0})

    async with running(settings, unique("g"), "views.v1", Memory()) as runner:
        await until(lambda: runner.ready, "it has its assignment")
        monkeypatch.setattr("shared.kafka.group._REBUILD_AFTER_S", 3600.0)
        broker.kill()
        await broker.start()
        await until(lambda: not runner.partitions, "it has left the log that was replaced")
        assert not runner.ready


async def test_who_asks_about_a_topic_that_is_not_there_makes_none(broker: Broker) -> None:
    broker.kill()
    await broker.start(topics=False)
    producer = Producer(broker.url, idempotence=False, timeout_s=2)

    with pytest.raises(Unavailable):
        await producer.send(*numbered("views.v1", 0, 1))
    await provide_topics(broker.url)
    await _send_again(producer, "views.v1", 0, 1)

    await producer.stop()


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "as a batch"])
async def test_nothing_is_acknowledged_before_a_new_broker_has_its_topics_and_everything_after(
    broker: Broker, *, together: bool
) -> None:
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
        sending = asyncio.create_task(_until_acknowledged(lambda n=number: send(n)))
        await eventually(lambda: listens(int(broker.url.rpartition(":")[2])), what="the broker listens")
        early = (await asyncio.wait({sending}, timeout=1))[0]
        assert not early, "the broker takes what it has no topic for"
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


async def test_a_broker_with_other_partitions_than_keys_need_is_refused(broker: Broker) -> None:
    broker.kill()
    await broker.start(topics=False)
    await eventually(lambda: listens(int(broker.url.rpartition(":")[2])), what="the broker listens")
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.url)
    await admin.start()
    await admin.create_topics([NewTopic("views.v1", 4, 1)])
    await admin.close()

    with pytest.raises(Unavailable, match=r"views\.v1: 4 partitions, not 6"):
        await provide_topics(broker.url)


async def test_a_member_whose_broker_is_away_waits_without_spinning_and_can_be_stopped(broker: Broker) -> None:
    sink = Memory()

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), "views.v1", sink) as runner:
        await until(lambda: runner.ready, "it has its assignment")
        broker.kill()
        await until(lambda: not runner.ready, "it says that it is not well")
        before = _cpu_s()
        await asyncio.sleep(2)
        spent = _cpu_s() - before

    assert spent < 0.7, f"{spent:.1f} s of CPU in two seconds of waiting"


@pytest.mark.long
async def test_a_member_whose_broker_hangs_says_so_and_goes_on_when_it_wakes(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "it has its assignment")
        broker.signal(signal.SIGSTOP)
        await until(lambda: not runner.ready, "it says that it is not well")
        with pytest.raises(Unavailable):
            await producer.send(*numbered(topic, 0, 1))
        broker.signal(signal.SIGCONT)
        await _send_again(producer, topic, 10, 5)
        await until(lambda: {*sink.values} >= {"10", "11", "12", "13", "14"}, "it goes on")

    await producer.stop()


async def test_a_producer_answers_within_its_bound_and_is_rebuilt_after_an_outage(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=2)
    await producer.send(*numbered(topic, 0, 1))

    broker.kill()
    for number in (1, 2):
        # Its own bound ends it, or a connection that is refused: nothing waits for the client's own, longer time-outs.
        with pytest.raises(Unavailable, match=r"no answer within 2 s|connect: Kafka"):
            await producer.send(*numbered(topic, number, 1))
    await broker.start()
    await _send_again(producer, topic, 3, 1)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink):
        await until(lambda: "3" in sink.values, "what was acknowledged is in the log")
    assert sink.values == ["3"], "nothing that was given up comes afterwards"
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


async def test_a_member_that_gets_stuck_ends_its_process(kafka_url: str, embedded_kafka: bool) -> None:
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
async def test_a_member_whose_fetching_has_died_silently_does_not_count_as_well(broker: Broker) -> None:
    topic, sink = "views.v1", Memory()
    producer = Producer(broker.url, idempotence=False, timeout_s=3)

    async with running(bus_settings(broker.url, idempotence=False), unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready and runner.lag == 0, "it has its assignment")
        assert runner._member is not None
        runner._member._consumer._fetcher._fetch_task.cancel()
        await producer.send(*numbered(topic, 0, 5))
        await until(lambda: not runner.ready, "health tells")

    await producer.stop()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
