"""Every private part of aiokafka that `shared/kafka/quirks.py` uses, on a real broker: an upgrade that changes one fails here."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import ProducerClosed
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import LeaveGroupRequest
from aiokafka.protocol.metadata import MetadataRequest

from shared.kafka import pace
from shared.kafka.client import LogIdentity, client_options
from shared.kafka.producer import Producer
from shared.kafka.quirks import (
    MetadataOnlyRequest,
    connection_to,
    contained,
    ensure_leave_request,
    is_alone_in_stable_group,
    is_closed,
    load_metadata,
    open_connections,
    set_fetch_wait,
    take_apart,
    take_apart_producer,
)
from tests.support.kafka import Broker, Memory, bus_settings, make_topic, numbered, running, unique
from tests.support.polling import eventually, until


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    broker.kill()


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """All requests that aiokafka's clients send."""
    sent: list[object] = []
    send: Callable[..., object] = AIOKafkaConnection.send

    def recording(connection: AIOKafkaConnection, request: object, expect_response: bool = True) -> object:
        sent.append(request)
        return send(connection, request, expect_response)

    monkeypatch.setattr(AIOKafkaConnection, "send", recording)
    return sent


def other_tasks() -> Callable[[], set["asyncio.Task[object]"]]:
    """The tasks that were started since this call."""
    before = asyncio.all_tasks()
    return lambda: asyncio.all_tasks() - before


async def _member_of_a_group(kafka_url: str) -> AIOKafkaConsumer:
    topic = await make_topic(kafka_url, 1)
    consumer = AIOKafkaConsumer(topic, **client_options(kafka_url), group_id=unique("quirks"), enable_auto_commit=False)
    await consumer.start()
    await until(consumer.assignment, "the consumer has its partition")
    return consumer


async def test_fetch_waits_at_the_broker_as_long_as_set(kafka_url: str, requests: list[object]) -> None:
    topic = await make_topic(kafka_url, 1)
    consumer = AIOKafkaConsumer(**client_options(kafka_url), fetch_max_wait_ms=20)
    await consumer.start()

    def waits() -> set[int]:
        return {request._max_wait_ms for request in requests if isinstance(request, FetchRequest)}

    try:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), 0)
        await until(lambda: waits() == {20}, "a fetch waits as configured")
        set_fetch_wait(consumer, 137)
        await until(lambda: waits() == {20, 137}, "a fetch waits as set")
    finally:
        await consumer.stop()


async def test_metadata_request_never_creates_a_topic(kafka_url: str, requests: list[object]) -> None:
    client = AIOKafkaClient(bootstrap_servers=kafka_url)
    await client.bootstrap()

    await client.force_metadata_update()
    await client.close()

    asked = [request for request in requests if isinstance(request, MetadataRequest)]
    assert isinstance(asked[-1], MetadataOnlyRequest)
    assert asked[-1]._allow_auto_topic_creation is False


async def test_consumer_of_generation_0_leaves_its_group(kafka_url: str, requests: list[object]) -> None:
    consumer = await _member_of_a_group(kafka_url)
    assert consumer._coordinator is not None
    consumer._coordinator.generation = 0

    ensure_leave_request(consumer)
    await consumer.stop()

    assert any(isinstance(request, LeaveGroupRequest) for request in requests)


async def test_member_is_alone_until_another_one_joins(kafka_url: str) -> None:
    topic, group = await make_topic(kafka_url, 2), unique("g")
    settings = bus_settings(kafka_url, idempotence=True)
    async with running(settings, group, topic, Memory()) as first:
        await until(lambda: len(first.partitions) == 2, "the first member has all partitions")
        member = first._member
        assert member is not None
        assert await is_alone_in_stable_group(member._consumer)

        async with running(settings, group, topic, Memory()) as second:
            await until(lambda: len(second.partitions) == 1, "the second member has a partition")
            assert not await is_alone_in_stable_group(member._consumer)


async def test_consumer_taken_apart_leaves_no_task_and_no_connection(kafka_url: str, requests: list[object]) -> None:
    tasks = other_tasks()
    consumer = await _member_of_a_group(kafka_url)
    assert tasks()

    await take_apart(consumer)

    await until(lambda: not tasks(), "all tasks have ended")
    assert not open_connections(consumer._client)
    assert consumer._closed, "or its destructor warns"
    assert not any(isinstance(request, LeaveGroupRequest) for request in requests)


async def test_producer_taken_apart_leaves_no_task_and_no_connection(broker: Broker) -> None:
    await broker.start()
    tasks = other_tasks()
    producer = AIOKafkaProducer(**client_options(broker.url))
    await producer.start()
    await load_metadata(producer.client, "views.v1")
    broker.kill()
    acknowledgement = await producer.send("views.v1", b"value", partition=0)

    assert isinstance(await contained(producer.stop(), 0.5), TimeoutError)
    await take_apart_producer(producer)

    await until(lambda: not tasks(), "all tasks have ended")
    assert not open_connections(producer.client)
    with pytest.raises(ProducerClosed):
        await acknowledgement


async def test_stopped_producer_is_closed(kafka_url: str) -> None:
    producer = AIOKafkaProducer(**client_options(kafka_url))
    await producer.start()
    before = is_closed(producer)

    await producer.stop()

    assert (before, is_closed(producer)) == (False, True)


async def test_connection_to_a_leader_is_among_the_open_ones(kafka_url: str) -> None:
    topic = await make_topic(kafka_url, 1)
    producer = AIOKafkaProducer(**client_options(kafka_url))
    await producer.start()

    await load_metadata(producer.client, topic)
    leader = producer.client.cluster.leader_for_partition(TopicPartition(topic, 0))
    assert await producer.client.ready(leader)
    connection = connection_to(producer.client, leader)

    assert connection in open_connections(producer.client)
    await producer.stop()
    assert not open_connections(producer.client)


async def test_contained_error_of_a_closing_step_does_not_cancel_its_caller() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    assert isinstance(await contained(cancelled(), 1), asyncio.CancelledError)
    assert isinstance(await contained(asyncio.sleep(60), 0.01), TimeoutError)
    assert await contained(asyncio.sleep(0), 1) is None


async def test_fetches_wait_long_at_rest_and_short_after_a_record(
    kafka_url: str, embedded_kafka: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(pace, "AWAKE_S", 0.5)

    def recording(consumer: AIOKafkaConsumer, wait_ms: int) -> None:
        waits.append(wait_ms)
        set_fetch_wait(consumer, wait_ms)

    monkeypatch.setattr("shared.kafka.member.set_fetch_wait", recording)
    topic, sink = await make_topic(kafka_url, 1), Memory()
    settings = bus_settings(kafka_url, idempotence=not embedded_kafka)
    producer = Producer(kafka_url, idempotence=not embedded_kafka)

    async with running(settings, unique("rests"), topic, sink):
        await until(lambda: waits and waits[-1] == settings.rest_wait_ms(is_urgent=False), "the member rests")
        before = len(waits)
        await producer.send(*numbered(topic, 0, 1))
        await until(lambda: settings.kafka_fetch_wait_ms in waits[before:], "the member is awake")
    await producer.stop()

    assert sink.values == ["0"]


async def test_identity_is_checked_rarely_at_rest_until_its_broker_ends(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.client._CHECK_EVERY_S", 0.0)
    await broker.start()
    identity = LogIdentity(broker.url)
    first = await eventually(identity.current)

    assert identity.is_due(at_rest=False)
    assert not identity.is_due(at_rest=True)
    broker.kill()

    await until(lambda: identity.is_due(at_rest=True), "the broken connection is noticed")
    await broker.start()
    assert await eventually(identity.current) != first
    assert not identity.is_due(at_rest=True)
    await identity.close()
