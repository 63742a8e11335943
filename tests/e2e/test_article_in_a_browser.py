"""What an article's page does that only a browser can tell: its age, its correction, its links, how often it was read."""

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with open_browser(chromium) as opened:
        yield opened


@pytest.mark.parametrize(
    ("made_when", "now", "said"),
    [
        (0, "2027-11-23T09:00:00Z", None),
        (0, "2027-11-23T09:05:08Z", "This article is more than a year old."),
        (2, "2028-11-24T09:05:08Z", "This article is more than two years old."),
        (2, "2029-11-23T09:05:08Z", "This article is more than three years old."),
    ],
)
async def test_a_page_that_was_made_before_an_articles_birthday_says_its_age(
    browser: Browser, made_when: int, now: str, said: str | None
) -> None:
    paper = Paper(samples.popular(), {"article": TEMPLATES.article(replace(samples.article(), years_old=made_when))})
    async with serving(paper), open_page(browser, [], viewport=NARROW) as page:
        await page.clock.set_fixed_time(now)
        await page.goto(paper.address("article"))
        await expect(page.locator("[data-today]")).not_to_be_empty()
        line = page.locator(".old")
        if said is None:
            await expect(line).to_be_hidden()
        else:
            await expect(line).to_have_text(said)
            await expect(line).to_be_visible()
