"""The dropdown under the search field, against what readers do faster than answers come."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support import look_samples as samples
from tests.support.browsing import DESKTOP, open_page
from tests.support.paper import TEMPLATES, Paper, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOUND = {"items": [{"url": "/found", "headline": "A minor matter", "language": "en"}], "total": 1}


async def _answer_min_alone(route: Route) -> None:
    """Any other question is under way for as long as its page is there."""
    if route.request.url.endswith("?q=min&limit=6"):
        await route.continue_()


@asynccontextmanager
async def _min_is_suggested(browser: Browser) -> AsyncIterator[Page]:
    about = TEMPLATES.static_page(samples.static_page())
    paper = Paper(samples.popular(), dict.fromkeys(("about", "found", "search"), about), {"/v1/search": FOUND})
    async with serving(paper), open_page(browser, [], viewport=DESKTOP) as page:
        await page.route("**/v1/search?*", _answer_min_alone)
        await page.goto(paper.address("about"))
        await page.get_by_role("combobox").press_sequentially("min")
        await expect(page.get_by_role("option")).to_have_count(2)
        yield page


async def test_what_was_chosen_for_other_words_is_not_chosen_any_more(browser: Browser) -> None:
    async with _min_is_suggested(browser) as page:
        box = page.get_by_role("combobox")
        await box.press("ArrowDown")
        await expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")

        await box.press_sequentially("ister")
        await expect(box).not_to_have_attribute("aria-activedescendant", re.compile("suggestion"))
        await box.press("ArrowDown")
        await box.press("Enter")

        await page.wait_for_url(re.compile(r"/search\?q=minister$"))


async def test_a_list_for_words_that_were_deleted_does_not_open_again(browser: Browser) -> None:
    async with _min_is_suggested(browser) as page:
        box = page.get_by_role("combobox")
        for _ in "min":
            await box.press("Backspace")
        await expect(page.get_by_role("listbox")).to_be_hidden()

        await box.press("ArrowDown")

        await expect(box).to_have_attribute("aria-expanded", "false")
        await expect(page.locator(".suggestions a")).to_have_count(0)


async def test_arrows_do_nothing_before_there_is_a_list_for_the_words(browser: Browser) -> None:
    async with _min_is_suggested(browser) as page:
        box = page.get_by_role("combobox")
        await box.press("Escape")
        await box.press("Escape")
        await expect(box).to_have_value("")

        await box.press_sequentially("oil")
        await box.press("ArrowUp")
        await box.press("Enter")

        await page.wait_for_url(re.compile(r"/search\?q=oil$"))


async def test_a_page_that_a_browser_keeps_is_left_without_suggestions(browser: Browser) -> None:
    async with _min_is_suggested(browser) as page:
        # Playwright turns the back/forward cache off.
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")

        await expect(page.locator(".suggestions")).to_be_hidden()
        await expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "false")


async def test_how_many_were_found_is_told_in_the_pages_numerals(browser: Browser) -> None:
    article = TEMPLATES.article(samples.arabic_article())
    paper = Paper(samples.popular("ar"), {"article": article}, {"/v1/search": {**FOUND, "total": 1234}})
    async with serving(paper), open_page(browser, [], viewport=DESKTOP) as page:
        await page.goto(paper.address("article"))
        await page.get_by_role("combobox").press_sequentially("min")

        await expect(page.locator(".search [role=status]")).to_have_text(re.compile("^[^0-9]+: ١٬٢٣٤$"))
