"""How lists are laid out on the narrowest phone and a desktop, where a browser alone can tell."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.browsing import open_browser, open_page
from tests.e2e.paper import TEMPLATES, Paper, serving
from tests.unit.rendering import look_samples as samples

pytestmark = pytest.mark.asyncio(loop_scope="module")

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1440, "height": 900}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with open_browser(chromium) as opened:
        yield opened


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["phone", "desktop"])
async def test_a_section_whose_newest_story_has_no_picture_leads_with_it_in_type(
    browser: Browser, viewport: dict[str, int]
) -> None:
    section = samples.section_list()
    plain = replace(section, cards=(samples.card(0, pictured=False), *section.cards[1:]))
    paper = Paper(samples.popular(), {"plain": TEMPLATES.list_page(plain), "pictured": TEMPLATES.list_page(section)})
    sizes = {}
    async with serving(paper), open_page(browser, [], viewport=viewport) as page:
        for name in paper.pages:
            await page.goto(paper.address(name))
            lead = page.locator(".rows > .card").first
            await expect(lead.locator(".card-standfirst")).to_be_visible()
            sizes[name] = await lead.locator(".card-title").evaluate("(title) => getComputedStyle(title).fontSize")

    assert sizes["plain"] == sizes["pictured"]
