"""Search suggestions when a reader types and presses keys before the responses arrive."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support import look_samples as samples
from tests.support.browsing import DESKTOP, open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOUND = {"items": [{"url": "/found", "headline": "A minor matter", "language": "en"}], "total": 1}


async def _answer_only_min(route: Route) -> None:
    """All other searches stay pending while the page is open."""
    if route.request.url.endswith("?q=min&limit=6"):
        await route.continue_()


@asynccontextmanager
async def _with_suggestions_for_min(browser: Browser) -> AsyncIterator[Page]:
    about = TEMPLATES.static_page(samples.static_page())
    server = PageServer(samples.popular(), dict.fromkeys(("about", "found", "search"), about), {"/v1/search": FOUND})
    async with serving(server), open_page(browser, [], viewport=DESKTOP) as page:
        await page.route("**/v1/search?*", _answer_only_min)
        await page.goto(server.address("about"))
        await page.get_by_role("combobox").press_sequentially("min")
        await expect(page.get_by_role("option")).to_have_count(2)
        yield page


async def test_typing_clears_the_choice_of_a_suggestion(browser: Browser) -> None:
    async with _with_suggestions_for_min(browser) as page:
        box = page.get_by_role("combobox")
        await box.press("ArrowDown")
        await expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")

        await box.press_sequentially("ister")
        await expect(box).not_to_have_attribute("aria-activedescendant", re.compile("suggestion"))
        await box.press("ArrowDown")
        await box.press("Enter")

        await page.wait_for_url(re.compile(r"/search\?q=minister$"))


async def test_arrow_key_does_not_reopen_the_list_of_deleted_words(browser: Browser) -> None:
    async with _with_suggestions_for_min(browser) as page:
        box = page.get_by_role("combobox")
        for _ in "min":
            await box.press("Backspace")
        await expect(page.get_by_role("listbox")).to_be_hidden()

        await box.press("ArrowDown")

        await expect(box).to_have_attribute("aria-expanded", "false")
        await expect(page.locator(".suggestions a")).to_have_count(0)


async def test_arrow_keys_do_nothing_before_suggestions_arrive(browser: Browser) -> None:
    async with _with_suggestions_for_min(browser) as page:
        box = page.get_by_role("combobox")
        await box.press("Escape")
        await box.press("Escape")
        await expect(box).to_have_value("")

        await box.press_sequentially("oil")
        await box.press("ArrowUp")
        await box.press("Enter")

        await page.wait_for_url(re.compile(r"/search\?q=oil$"))


async def test_page_in_the_back_forward_cache_has_no_open_suggestions(browser: Browser) -> None:
    async with _with_suggestions_for_min(browser) as page:
        # Playwright disables the back/forward cache, so the test sends its event.
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")

        await expect(page.locator(".suggestions")).to_be_hidden()
        await expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "false")


async def test_number_of_results_uses_the_numerals_of_the_page(browser: Browser) -> None:
    article = TEMPLATES.article(samples.arabic_article())
    server = PageServer(samples.popular("ar"), {"article": article}, {"/v1/search": {**FOUND, "total": 1234}})
    async with serving(server), open_page(browser, [], viewport=DESKTOP) as page:
        await page.goto(server.address("article"))
        await page.get_by_role("combobox").press_sequentially("min")

        await expect(page.locator(".search [role=status]")).to_have_text(re.compile("^[^0-9]+: ١٬٢٣٤$"))
