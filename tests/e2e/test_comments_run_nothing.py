"""Scripts in names, websites and texts of comments: nothing runs for a reader, with the pages' policy and without it."""

import asyncio
from collections.abc import Mapping
from itertools import zip_longest

import pytest
from playwright.async_api import Page, expect

from tests.support.browsing import DESKTOP, open_page
from tests.support.script_corpus import TEXTS, WEBSITES
from tests.support.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Whatever a script could have been made of. `talk` holds the words of the page's own scripts.
_TRACES = """() => [window.ran, ...[...document.querySelectorAll(".comments *")].flatMap((element) => [
  ...(element.matches("script, iframe, object, embed, img, style, base, link, meta") ? [element.outerHTML] : []),
  ...[...element.attributes].filter(({ name, value }) => name.startsWith("on") || /^\\s*(javascript|data):/i.test(value))
    .map(({ name, value }) => `${name}=${value}`),
])].filter(Boolean)"""


@pytest.mark.parametrize("bypasses_policy", [False, True], ids=["with policy", "without policy"])
async def test_nothing_in_a_comment_runs_for_a_reader(site: Site, bypasses_policy: bool) -> None:
    article = await site.publish(f"A harmless story {'without' if bypasses_policy else 'with'} policy")
    half = len(TEXTS) // 2
    await _publish_comments(site, article, TEXTS[:half])
    await site.until_shown(article["url"], f"{half} comments")
    async with open_page(site.browser, [], viewport=DESKTOP, bypass_csp=bypasses_policy) as page:
        await page.goto(site.address(article["url"]))
        await page.locator(".comments").scroll_into_view_if_needed()
        await _publish_comments(site, article, TEXTS[half:])
        await expect(page.locator("[data-comments-title]")).to_have_text(f"{len(TEXTS)} comments")
        await _touch_everything(page)
        assert await page.evaluate(_TRACES) == []

        await _hold_one(page, TEXTS[4] + TEXTS[14])
        await page.reload()
        await page.locator(".comments").scroll_into_view_if_needed()
        await expect(page.locator(".own .comment-body")).to_have_text(TEXTS[4] + TEXTS[14])
        await page.locator(".own").get_by_role("button", name="Edit").click()
        await expect(page.locator(".own textarea")).to_have_value(TEXTS[4] + TEXTS[14])
        await _touch_everything(page)
        assert await page.evaluate(_TRACES) == []


async def _publish_comments(site: Site, article: Mapping[str, object], texts: tuple[str, ...]) -> None:
    async def publish(text: str, website: str | None) -> None:
        fields = {"name": text[:80], "email": "eve@site.example.org", "body": text}
        path = f"/v1/articles/{article['id']}/comments"
        if website:
            async with site.platform.http.post(site.address(path), json={**fields, "website": website}) as answer:
                status, found = answer.status, await answer.json()
            assert status in (201, 422)
        if not website or status == 422:
            found = await site.platform.post(path, fields, wanted=201)
        if found["status"] != "published":
            await site.platform.post(f"/v1/comments/{found['id']}/approve", {})

    for text, website in zip_longest(texts, WEBSITES[: len(texts)]):
        await publish(text, website)


async def _hold_one(page: Page, text: str) -> None:
    form = page.locator("form[data-new]")
    for name, value in (("name", text[:80]), ("email", "mallory@site.example.org"), ("body", text)):
        await form.locator(f"[name={name}]").fill(value)
    await form.locator("button:not([type=button])").click()
    await expect(page.locator(".own")).to_be_visible()


async def _touch_everything(page: Page) -> None:
    """Send the events that a reader's pointer and keyboard cause, and let their handlers run."""
    await page.evaluate(
        """() => document.querySelectorAll(".comments *").forEach((element) =>
          ["mouseover", "focus", "toggle", "load", "error"].forEach((name) => element.dispatchEvent(new Event(name))))"""
    )
    await asyncio.gather(*(page.evaluate("new Promise((done) => setTimeout(done))") for _ in range(3)))
