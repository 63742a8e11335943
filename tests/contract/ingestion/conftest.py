"""Fixtures of ingestion's contract tests."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from services.ingestion.settings import IngestionSettings
from tests.support.ingestion import IngestionClient, running_ingestion


@pytest.fixture(scope="module")
def ingestion_settings(kafka_url: str, mongo_url: str, embedded_kafka: bool) -> IngestionSettings:
    """Settings for the engines of this run, with a new database."""
    return IngestionSettings(
        kafka=kafka_url,
        mongo=mongo_url,
        kafka_idempotence=not embedded_kafka,
        ingestion_database=f"test_{uuid4().hex[:12]}",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ingestion(
    ingestion_settings: IngestionSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[IngestionClient]:
    """A running service and an admin's client, for all tests of a module."""
    async with running_ingestion(ingestion_settings, tmp_path_factory.mktemp("ingestion")) as running:
        yield running
