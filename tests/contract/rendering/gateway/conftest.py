"""Fixtures of gateway tests: each test has its own read model, and a gateway over it."""

from collections.abc import AsyncIterator

import pytest

from services.rendering.settings import RenderingSettings
from tests.support.gateway import Gateway, ProjectorHarness, open_gateway, open_projector_harness


@pytest.fixture
async def projector(rendering_settings: RenderingSettings, mongo_database: str) -> AsyncIterator[ProjectorHarness]:
    """A projector over an empty read model."""
    async with open_projector_harness(rendering_settings, mongo_database) as projector:
        yield projector


@pytest.fixture
async def gateway(projector: ProjectorHarness) -> AsyncIterator[Gateway]:
    """A gateway over the read model of `projector`."""
    async with open_gateway(projector.settings, projector.database) as gateway:
        yield gateway
