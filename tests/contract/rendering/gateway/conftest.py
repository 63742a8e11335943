"""Fixtures of the tests of gateways: each test has a read model of its own, and a gateway over it."""

from collections.abc import AsyncIterator

import pytest

from services.rendering.settings import RenderingSettings
from tests.support.gateway import Gateway, House, open_gateway, open_house


@pytest.fixture
async def house(rendering_settings: RenderingSettings, mongo_database: str) -> AsyncIterator[House]:
    """A read model and its projector."""
    async with open_house(rendering_settings, mongo_database) as house:
        yield house


@pytest.fixture
async def gateway(house: House) -> AsyncIterator[Gateway]:
    """A gateway over it."""
    async with open_gateway(house.settings, house.database) as gateway:
        yield gateway
