"""Pages with forced colours, at 400 % zoom, and on paper, in Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.support import look_preview
from tests.support import look_samples as samples
from tests.support.browsing import DESKTOP, open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = look_preview.pages(TEMPLATES)
FOUND: dict[str, Any] = {
    "total": 9,
    "items": [
        {"url": f"/world/lamp-{number}", "headline": f"Lamp number {number}", "language": "en"} for number in range(6)
    ],
}
# A screen of 1280 x 1024 px at 400 % (WCAG 2.2, 1.4.10).
ENLARGED: ViewportSize = {"width": 320, "height": 256}


@asynccontextmanager
async def _page(browser: Browser, name: str, viewport: ViewportSize = DESKTOP, **context: Any) -> AsyncIterator[Page]:
    server = PageServer(samples.popular(), PAGES, {"/v1/search": FOUND})
    async with serving(server), open_page(browser, [], viewport=viewport, **context) as page:
        await page.goto(server.address(name))
        yield page


async def _choose_a_suggestion(page: Page) -> None:
    field = page.locator("#masthead-q")
    await field.fill("lamp")
    await expect(page.locator(".suggestion").first).to_be_visible()
    await field.press("ArrowDown")
    await field.press("ArrowDown")


_LINES = """(one) => {
  const style = getComputedStyle(one);
  const line = (name) => style[`${name}Style`] !== "none" && parseFloat(style[`${name}Width`]);
  return ["outline", "borderTop", "borderBottom", "borderLeft", "borderRight"].filter(line);
}"""
_BOX = ["borderTop", "borderBottom", "borderLeft", "borderRight"]


async def test_chosen_suggestion_has_an_outline_in_forced_colours(browser: Browser) -> None:
    async with _page(browser, "section", forced_colors="active") as page:
        await _choose_a_suggestion(page)
        lines = [await one.evaluate(_LINES) for one in await page.locator(".suggestion").all()]

    assert [number for number, found in enumerate(lines) if "outline" in found] == [1]


@pytest.mark.parametrize(
    ("name", "button"),
    [("article", "Post comment"), ("contact", "Send message"), ("search", "Search"), ("404", "Search")],
)
async def test_buttons_have_a_border_in_forced_colours(browser: Browser, name: str, button: str) -> None:
    async with _page(browser, name, forced_colors="active") as page:
        found = page.locator("main").get_by_role("button", name=button, exact=True).last
        lines = await found.evaluate(_LINES)

    assert lines == _BOX


_UNDERLINED = """(links) => links
  .filter((one) => getComputedStyle(one).textDecorationLine === "underline").map((one) => one.hasAttribute("aria-current"))"""


@pytest.mark.parametrize(
    ("name", "strip"), [("section", ".sections"), ("home", ".sections"), ("popular", ".popular-tabs")]
)
async def test_current_link_is_underlined_in_forced_colours(browser: Browser, name: str, strip: str) -> None:
    async with _page(browser, name, forced_colors="active") as page:
        underlined = await page.locator(f"{strip} a").evaluate_all(_UNDERLINED)

    assert underlined == [True]


# Null if the chosen suggestion does not overlap the pill; otherwise whether it is on top.
_ON_TOP = """(one) => {
  const box = one.getBoundingClientRect(), pill = document.querySelector(".pill").getBoundingClientRect();
  const [top, bottom] = [Math.max(box.top, pill.top), Math.min(box.bottom, pill.bottom)];
  if (top >= bottom) return null;
  return one.contains(document.elementFromPoint((pill.left + pill.right) / 2, (top + bottom) / 2));
}"""


async def test_live_news_covers_no_suggestion_at_400_percent(browser: Browser) -> None:
    async with _page(browser, "section", ENLARGED) as page:
        await page.locator(".live").evaluate(
            "(live) => live.insertAdjacentHTML('beforeend', '<a class=\"pill\" href=\"#\">2 new comments</a>')"
        )
        field = page.locator("#masthead-q")
        await _choose_a_suggestion(page)
        on_top = []
        for _ in FOUND["items"][2:]:
            await field.press("ArrowDown")
            on_top.append(await page.locator("[aria-selected='true']").evaluate(_ON_TOP))

    assert set(on_top) - {None} == {True}


_FORMS = """() => [...document.querySelectorAll("form, button, input, textarea, select, label, #write, .form-note")]
  .filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 80))"""


async def test_no_form_is_printed(browser: Browser) -> None:
    printed = {}
    server = PageServer(samples.popular(), PAGES)
    async with serving(server), open_page(browser, [], viewport=DESKTOP) as page:
        await page.emulate_media(media="print")
        for name in PAGES:
            await page.goto(server.address(name))
            if found := await page.evaluate(_FORMS):
                printed[name] = found

    assert printed == {}
