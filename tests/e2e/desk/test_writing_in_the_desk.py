"""Writing in the whole editor, with all its scripts and real services: suggestions by keyboard, checklist, cost of a key."""

import re
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.support.desk_editor import make_article, open_article, open_context
from tests.support.desk_front import Front
from tests.support.desk_pages import write

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMPLETE: Mapping[str, object] = {
    "headline": "Ferry fares to rise",
    "section": "world",
    "body_markdown": "They rise in March.",
    "tags": ["Zanzibar harbour", "Zanzibar", "Ferries"],
    "bylines": ["Wanjiru Kamau"],
}
# Counts reads of the whole text between a key and the end of its events.
_COUNT_READS = """
() => {
  window.reads = 0;
  let isKey = false;
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
  Object.defineProperty(HTMLTextAreaElement.prototype, "value", { configurable: true, set, get() {
    if (isKey && this.id === "body_markdown") window.reads += 1;
    return get.call(this);
  } });
  window.addEventListener("keydown", () => { isKey = true; setTimeout(() => { isKey = false; }); }, true);
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(front: Front, browser: Browser) -> AsyncIterator[Page]:
    """An editor of a new draft, with other tags and bylines in use."""
    await make_article(front, **COMPLETE)
    article = await make_article(front, **{**COMPLETE, "tags": [], "bylines": []})
    async with open_context(browser, front) as context:
        yield await open_article(context, article)


async def test_suggested_tag_is_taken_by_keyboard(page: Page) -> None:
    tags = page.get_by_label("Tags")
    await tags.focus()
    await page.keyboard.type("Budget, zanz")
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    await expect(options).to_have_count(2)
    await expect(tags).to_have_attribute("aria-expanded", "true")

    await page.keyboard.press("ArrowDown")
    chosen = page.locator("#tags-list [aria-selected=true]")
    name = await chosen.inner_text()
    assert await tags.get_attribute("aria-activedescendant") == await chosen.get_attribute("id")
    await page.keyboard.press("Enter")
    await expect(tags).to_have_value(f"Budget, {name}, ")
    await expect(tags).to_have_attribute("aria-expanded", "false")

    # A name that is in the field already is not suggested again.
    await page.keyboard.type("zanz")
    await expect(options).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await expect(tags).to_have_value(f"Budget, {name}, zanz")


async def test_dialog_before_publishing_shows_the_checklist_and_publishes(page: Page) -> None:
    await page.get_by_label("Tags").fill("Zanzibar habour")
    await page.get_by_role("button", name="Publish", exact=True).click()

    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("There is no standfirst.")).to_be_visible()
    await expect(dialog.get_by_text(re.compile("habour.*: is it .*Zanzibar harbour"))).to_be_visible()
    await dialog.get_by_role("button", name="Publish now").click()
    await expect(dialog).to_be_hidden()


async def test_no_key_reads_the_whole_text(page: Page) -> None:
    await expect(page.locator("#body-count")).to_have_text(re.compile("^4 words"))
    await page.evaluate(_COUNT_READS)

    await write(page, " And more.")

    assert await page.evaluate("window.reads") == 0
    await expect(page.locator("#body-count")).to_have_text(re.compile("^6 words"))
