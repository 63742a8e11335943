"""Fixtures of the desk's contract tests: the desk before a real ingestion."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.desk import DeskClient, running_desk
from tests.support.number_desk import NumberDesk, running_number_desk


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
    async with running_number_desk(desk, kafka_url, mongo_url, redis_url, 12) as running:
        yield running
