"""Fixtures of the desk's contract tests: the desk before a real ingestion."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.support.desk import DeskClient, open_desk, running_desk
from tests.support.number_desk import NumberDesk
from tests.support.popularity import empty_redis, running_popularity, settings_for


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def desk(
    kafka_url: str, mongo_url: str, embedded_kafka: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeskClient]:
    """A running desk with nobody signed in; `as_role` gives a person's browser. Tests share it: use your own articles."""
    folder = tmp_path_factory.mktemp("desk")
    async with running_desk(kafka_url, mongo_url, folder, is_embedded=embedded_kafka) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def editor(desk: DeskClient) -> DeskClient:
    """An editor's browser."""
    return await desk.as_role("editor")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def reporter(desk: DeskClient) -> DeskClient:
    """A reporter's browser."""
    return await desk.as_role("reporter")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def numbers(desk: DeskClient, kafka_url: str, mongo_url: str, redis_url: str) -> AsyncIterator[NumberDesk]:
    """A desk with a real popularity behind it, and the ingestion of `desk`."""
    ingestion = str(desk.ingestion.client.make_url("")).rstrip("/")
    async with empty_redis(redis_url, 12) as redis:
        settings = settings_for(
            kafka_url, redis, mongo=mongo_url, ingestion=ingestion, popularity_database=f"test_{uuid4().hex[:12]}"
        )
        async with running_popularity(settings) as popularity:
            url = str(popularity.api.make_url("")).rstrip("/")
            async with open_desk(desk.ingestion, popularity=url) as opened:
                yield NumberDesk(opened, popularity)
