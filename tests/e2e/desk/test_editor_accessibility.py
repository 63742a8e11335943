"""axe on the editor while a dialog, a message about a colleague's change, or the merge screen is open."""

from collections.abc import Sequence

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.support import axe
from tests.support.browsing import DESKTOP
from tests.support.desk_editor import change_elsewhere, make_article
from tests.support.desk_front import Front

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL_PHONE: ViewportSize = {"width": 360, "height": 740}


async def violations(page: Page, state: str) -> Sequence[str]:
    """What axe finds in light and in dark colours, and whether the page is wider than the screen."""
    found: list[str] = []
    for scheme, options in (("light", None), ("dark", axe.CONTRAST)):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{state}, {scheme}: {violation}" for violation in await axe.violations(page, options)]
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{state}: wider than the screen")
    return found


@pytest.mark.parametrize(
    ("viewport", "language"),
    [
        pytest.param(SMALL_PHONE, "en", id="phone"),
        pytest.param(DESKTOP, "ar", id="desktop-arabic", marks=pytest.mark.long),
    ],
)
async def test_axe_finds_nothing_in_the_states_of_the_editor(
    browser: Browser, front: Front, viewport: ViewportSize, language: str
) -> None:
    person = Front(front.url, await front.desk.as_role("editor", language=language))
    article = await make_article(person, body_markdown="One.\n\nTwo.")
    found: list[str] = []
    context = await browser.new_context(viewport=viewport, base_url=front.url, bypass_csp=True, reduced_motion="reduce")
    try:
        await person.desk.enter(context)
        page = await context.new_page()
        await page.goto(f"/desk/articles/{article['id']}")
        await expect(page.locator("#save-state")).not_to_be_empty()
        found += await violations(page, "editor")

        await page.locator("button[value=publish]").click()
        await expect(page.locator("dialog[open] form button")).to_be_visible()
        found += await violations(page, "dialog")
        await page.keyboard.press("Escape")

        await change_elsewhere(front, article, body_markdown="One, theirs.\n\nTwo.")
        notice = page.locator("[data-notice=changed]")
        await notice.get_by_role("button").first.click()
        await expect(notice.locator("ins")).to_be_visible()
        found += await violations(page, "message")

        await page.locator("#body_markdown").fill("One, mine.\n\nTwo.")
        await expect(page.locator("dialog[open] .words ins").first).to_be_visible()
        found += await violations(page, "merge screen")
    finally:
        await context.close()

    assert found == []
