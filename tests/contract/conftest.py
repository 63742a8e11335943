"""Fixtures of the contract tests."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from services.comments.settings import CommentsSettings
from services.rendering.settings import RenderingSettings
from shared.kafka.producer import Producer
from tests.support.comments import CommentsService, running_comments


@pytest.fixture(scope="session")
def comments_settings(mongo_url: str, kafka_url: str, redis_url: str, embedded_kafka: bool) -> CommentsSettings:
    """The comments service's settings for the engines of this run."""
    return CommentsSettings(
        kafka=kafka_url, mongo=mongo_url, redis=redis_url, kafka_idempotence=not embedded_kafka, rate_limits="off"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def comments(comments_settings: CommentsSettings) -> AsyncIterator[CommentsService]:
    """A running comments service with an ingestion, one for all tests of a module, since a start takes seconds."""
    async with running_comments(comments_settings, f"test_{uuid4().hex[:12]}") as comments:
        yield comments


@pytest.fixture(scope="session")
def rendering_settings(mongo_url: str, kafka_url: str, redis_url: str, embedded_kafka: bool) -> RenderingSettings:
    """Rendering's settings for the engines of this run."""
    return RenderingSettings(kafka=kafka_url, mongo=mongo_url, redis=redis_url, kafka_idempotence=not embedded_kafka)


@pytest.fixture
async def producer(kafka_url: str, embedded_kafka: bool) -> AsyncIterator[Producer]:
    """A producer for events of other services."""
    producer = Producer(kafka_url, idempotence=not embedded_kafka)
    yield producer
    await producer.stop()
