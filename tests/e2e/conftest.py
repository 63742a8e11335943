"""One platform and one browser for all tests of this folder; they run in one process, one after the other.

A test uses articles, readers and words of its own, and leaves the platform working.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browsing import open_browser
from tests.support.running import Platform, running_platform

SCALE = "rendering=2,popularity=1,search=2"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """A running platform without an edition."""
    async with running_platform(tmp_path_factory.mktemp("platform") / "data", SCALE=SCALE) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A headless browser; open a page of your own with `open_page`."""
    async with open_browser(chromium) as opened:
        yield opened
