"""The open forms of a discussion: readable for axe and no wider than a small phone, in both languages, light and dark."""

import json
from collections.abc import Mapping

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.support import look_preview
from tests.support import look_samples as samples
from tests.support.axe import CONTRAST, violations
from tests.support.browsing import open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

NARROW: ViewportSize = {"width": 360, "height": 740}
# A held comment in the reader's own browser.
_HOLD = """() => localStorage.setItem("wm-comments", JSON.stringify({ held: {
  article: document.querySelector("[data-article]").dataset.article, token: "t", status: "pending",
  until: new Date(Date.now() + 3e5).toISOString(), name: "Salma", body: "I was there.\\nIt was cold.", message: "It waits.",
} }))"""
_PROBLEM: Mapping[str, object] = {
    "detail": "Some fields are wrong.",
    "errors": [{"pointer": "/email", "detail": "It is not an e-mail address."}],
}


@pytest.mark.parametrize("name", ["article", "article-arabic"])
async def test_open_forms_are_readable_and_fit_a_small_phone(browser: Browser, name: str) -> None:
    server = PageServer(samples.popular(), {name: look_preview.pages(TEMPLATES)[name]})
    async with serving(server), open_page(browser, [], viewport=NARROW, reduced_motion="reduce") as page:
        await page.route("**/v1/articles/*/comments", _refuse)
        await page.goto(server.address(name))
        await page.evaluate(_HOLD)
        await page.reload()
        await _open_everything(page)

        email = page.locator(".threads .reply-form [name=email]")
        await expect(email).to_be_focused()
        await expect(email).to_have_accessible_description("It is not an e-mail address.")
        found = list(await violations(page))
        await page.emulate_media(color_scheme="dark")
        # Colours change over 150 ms, and no intermediate colour counts.
        await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        found += await violations(page, CONTRAST)
        assert found == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def _open_everything(page: Page) -> None:
    """Edit the held comment, report one, and send a reply that is refused."""
    await page.locator(".comments").scroll_into_view_if_needed()
    await page.locator(".own button").first.click()
    await page.locator("a.report").nth(1).click()
    await page.locator("details.reply summary").first.click()
    form = page.locator(".threads .reply-form")
    for name, value in (("body", "Yes."), ("name", "Tom"), ("email", "tom@x")):
        await form.locator(f"[name={name}]").fill(value)
    await form.locator("button").click()


async def _refuse(route: Route) -> None:
    await route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(_PROBLEM))
