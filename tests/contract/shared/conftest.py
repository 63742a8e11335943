"""What the tests of the consumer group share."""

from collections.abc import AsyncIterator

import pytest

from shared.kafka.producer import Producer
from shared.settings import Settings
from tests.support.kafka import bus_settings


@pytest.fixture
def settings(kafka_url: str, embedded_kafka: bool) -> Settings:
    return bus_settings(kafka_url, idempotence=not embedded_kafka)


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[Producer]:
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    yield producer
    await producer.stop()
