"""Waits follow what happens, on a real broker, and the private parts of aiokafka that this leans on are still there."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol.fetch import FetchRequest

from shared.kafka import pace
from shared.kafka.client import LogIdentity, client_options
from shared.kafka.producer import Producer
from shared.kafka.quirks import set_fetch_wait
from tests.support.kafka import Broker, Memory, bus_settings, make_topic, numbered, running, unique
from tests.support.polling import eventually, until


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    broker.kill()


async def test_a_fetch_waits_as_long_as_was_set_last(kafka_url: str) -> None:
    topic = await make_topic(kafka_url, 1)
    asked: list[int] = []
    consumer = AIOKafkaConsumer(**client_options(kafka_url), fetch_max_wait_ms=20)
    await consumer.start()
    send = consumer._client.send

    async def noting(node: int, request: object, **options: object) -> object:
        if isinstance(request, FetchRequest):
            asked.append(request._max_wait_ms)
        return await send(node, request, **options)

    consumer._client.send = noting
    try:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), 0)
        await until(lambda: 20 in asked, "a fetch waits as the consumer was made")

        set_fetch_wait(consumer, 137)

        await until(lambda: 137 in asked, "a fetch waits as was set")
    finally:
        await consumer.stop()
    assert set(asked) == {20, 137}


async def test_a_members_fetches_wait_long_at_rest_and_short_again_after_a_record(
    kafka_url: str, embedded_kafka: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(pace, "AWAKE_S", 0.5)

    def noting(consumer: AIOKafkaConsumer, wait_ms: int) -> None:
        waits.append(wait_ms)
        set_fetch_wait(consumer, wait_ms)

    monkeypatch.setattr("shared.kafka.member.set_fetch_wait", noting)
    topic, sink = await make_topic(kafka_url, 1), Memory()
    settings = bus_settings(kafka_url, idempotence=not embedded_kafka)
    producer = Producer(kafka_url, idempotence=not embedded_kafka)

    async with running(settings, unique("rests"), topic, sink):
        await until(lambda: waits and waits[-1] == settings.rest_wait_ms(is_urgent=False), "it rests")
        noted = len(waits)
        await producer.send(*numbered(topic, 0, 1))
        await until(lambda: settings.kafka_fetch_wait_ms in waits[noted:], "it is awake")
    await producer.stop()

    assert sink.values == ["0"]


async def test_an_identity_is_asked_for_rarely_at_rest_until_its_broker_ends(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.client._CHECK_EVERY_S", 0.0)
    await broker.start()
    identity = LogIdentity(broker.url)
    first = await eventually(identity.current)

    assert identity.is_due(at_rest=False)
    assert not identity.is_due(at_rest=True)
    broker.kill()

    await until(lambda: identity.is_due(at_rest=True), "the connection is known to be broken")
    await broker.start()
    assert await eventually(identity.current) != first
    assert not identity.is_due(at_rest=True)
    await identity.close()
