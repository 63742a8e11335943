"""A running media api. Tests share one database: each draws pictures of its own."""

import itertools
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from tests.support.media import MediaService, drawn, running_media

_shades = itertools.count(uuid4().int & 0xFFFFF)


@pytest.fixture(scope="session")
def media_database() -> str:
    """The database of all tests of a process."""
    return f"test_media_{uuid4().hex[:8]}"


@pytest.fixture
async def media(mongo_url: str, media_database: str) -> AsyncIterator[MediaService]:
    """The running service."""
    async with running_media(mongo_url, media_database) as service:
        yield service


@pytest.fixture
def picture() -> Callable[[], bytes]:
    """Draws a picture that no other test has."""
    return lambda: drawn(shade=next(_shades), format="PNG")
