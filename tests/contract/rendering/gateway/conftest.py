"""Fixtures of the tests of gateways: each test has a read model of its own, and a gateway over it."""

from collections.abc import AsyncIterator

import pytest

from services.rendering.settings import RenderingSettings
from tests.support.gateway import Gateway, ProjectorHarness, open_gateway, open_projector_harness


@pytest.fixture
async def projector(rendering_settings: RenderingSettings, mongo_database: str) -> AsyncIterator[ProjectorHarness]:
    """A read model and its projector."""
    async with open_projector_harness(rendering_settings, mongo_database) as projector:
        yield projector


@pytest.fixture
async def gateway(projector: ProjectorHarness) -> AsyncIterator[Gateway]:
    """A gateway over it."""
    async with open_gateway(projector.settings, projector.database) as gateway:
        yield gateway
