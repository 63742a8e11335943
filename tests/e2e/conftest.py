"""One platform and one browser for all tests of this folder, which run in one process, one after the other.

Each test uses its own articles, readers and search words, and leaves the platform running. It stops after the last of them
(`scope="package"`): an idle platform uses processor time that the other tests of the run need.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browsing import open_browser
from tests.support.running import Platform, running_platform
from tests.support.site import Site, open_site

SCALE = "rendering=2,popularity=1,search=2"


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """A running platform without the sample edition."""
    async with running_platform(tmp_path_factory.mktemp("platform") / "data", SCALE=SCALE) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A headless browser. Use `open_page` for a page of your own."""
    async with open_browser(chromium) as opened:
        yield opened


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def site(platform: Platform, browser: Browser) -> Site:
    """The platform with an English and an Arabic article, and a comment."""
    return await open_site(platform, browser)
