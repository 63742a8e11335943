"""Live updates of an open page in Chromium: comments, corrections, new stories, and the stream of a hidden page."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browsing import DESKTOP, PHONE, forget_shifts, layout_shifts, open_page
from tests.support.polling import eventually
from tests.support.running import Platform
from tests.support.site import GATEWAYS, Site, until_laid_out

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_open_page_shows_comments_corrections_and_new_stories(site: Site) -> None:
    problems: list[str] = []
    article = await site.publish("Ferries run again")
    async with (
        open_page(site.browser, problems, viewport=DESKTOP) as page,
        open_page(site.browser, problems, viewport=PHONE) as front,
    ):
        await front.goto(site.address("/"))
        await page.goto(site.address(article["url"]))
        for shown in (page, front):
            # Shifts by typefaces are in the budget. Live updates must cause none.
            await forget_shifts(shown)

        await site.comment(article, f"I was on the first of them. {'W' * 300}")
        await expect(page.get_by_text("I was on the first of them.")).to_be_attached()
        await expect(page.locator("[data-comments-title]")).to_have_text("1 comment")
        # The script removes this field from forms that arrive with an update, too. It is fetched near the comments.
        await page.locator("#comments").scroll_into_view_if_needed()
        await expect(page.locator("[name=without_script]")).to_have_count(0)
        await page.evaluate("scrollTo(0, 0)")
        await forget_shifts(page)

        await site.platform.act(article, "correct", {"note": "They run on Mondays."})
        await expect(page.get_by_role("status").get_by_text("has been corrected")).to_be_visible()
        await site.platform.publish("A story newer than the page")
        await expect(front.get_by_text("1 new story.")).to_be_visible()
        assert [*await layout_shifts(page), *await layout_shifts(front)] == []
        assert await page.evaluate("document.activeElement === document.body")
        await page.get_by_text("I was on the first of them.").scroll_into_view_if_needed()
        await until_laid_out(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        await site.until_shown(article["url"], "They run on Mondays.")
        await page.get_by_role("status").get_by_text("has been corrected").click()
        await expect(page.get_by_text("They run on Mondays.")).to_be_in_viewport()
        assert page.url.endswith("#correction")

        await front.get_by_text("1 new story.").click()
        await expect(front.get_by_role("link", name="A story newer than the page").first).to_be_visible()
    assert problems == []


async def test_link_to_a_missing_comment_shows_no_thanks_for_a_comment(site: Site) -> None:
    problems: list[str] = []
    async with open_page(site.browser, problems, viewport=PHONE) as page:
        await page.goto(site.address(f"{site.article['url']}#comment-01m00000000000000000000000"))
        await expect(page.locator("[data-today]")).not_to_be_empty()
        await page.evaluate("new Promise((done) => setTimeout(() => setTimeout(done)))")
        await expect(page.locator("[data-received]")).to_be_hidden()
    assert problems == []


async def test_hidden_page_closes_its_stream_and_catches_up_when_shown(site: Site) -> None:
    problems: list[str] = []
    await eventually(lambda: _is(site.platform, 0), what="the streams of earlier pages are closed")
    async with open_page(site.browser, problems, viewport=DESKTOP) as page:
        await page.clock.install()
        await page.goto(site.address(site.article["url"]))
        await eventually(lambda: _is(site.platform, 1), what="the page has a stream")

        await _set_visibility(page, "hidden")
        await page.clock.fast_forward(9_000)
        assert await _live_readers(site.platform) == 1
        await page.clock.fast_forward(2_000)
        await eventually(lambda: _is(site.platform, 0), what="the stream is closed")
        await site.comment(site.article, "Nobody looked.")
        await site.until_shown(site.article["url"], "Nobody looked.")
        await _set_visibility(page, "visible")

        await expect(page.get_by_text("Nobody looked.")).to_be_attached()
    assert problems == []


@pytest.mark.parametrize("at", ["the article", "a comment that stays", "a comment that goes"])
async def test_page_from_before_a_change_catches_up_with_new_and_removed_comments(site: Site, at: str) -> None:
    problems: list[str] = []
    article = await site.publish("The keeper's diary")
    stays, goes = [await site.comment(article, text) for text in ("It was found in a drawer.", "It was not.")]
    for text in ("It was found in a drawer.", "It was not."):
        await site.until_shown(article["url"], text)
    _, old_page = await site.platform.page(str(article["url"]))
    await site.platform.post(f"/v1/comments/{goes}/remove", {})
    await site.comment(article, "The drawer was locked.")
    await site.until_shown(article["url"], "The drawer was locked.")
    old_pages = [old_page, old_page]

    async def answer(route: Route) -> None:
        if old_pages:
            await route.fulfill(content_type="text/html", body=old_pages.pop())
        else:
            await route.continue_()

    async with open_page(site.browser, problems, viewport=DESKTOP) as page:
        await page.route(f"**{article['url']}", answer)
        # The browser moves the focus to a comment to which the address leads.
        part = {"a comment that stays": f"#comment-{stays}", "a comment that goes": f"#comment-{goes}"}.get(at, "")
        await page.goto(site.address(article["url"]) + part)

        await expect(page.get_by_text("The drawer was locked.")).to_be_attached()
        await expect(page.get_by_text("It was not.")).to_have_count(0)
        await expect(page.get_by_text("It was found in a drawer.")).to_be_attached()
        assert await page.evaluate("document.activeElement.id") == part[1:]
        assert old_pages == []
    assert problems == []


async def _live_readers(platform: Platform) -> int:
    pages = [await platform.page("/metrics", base=platform.url("rendering", number)) for number in GATEWAYS]
    return sum(int(float(re.findall(r"^wm_rendering_live_readers (\S+)", text, re.MULTILINE)[0])) for _, text in pages)


async def _is(platform: Platform, readers: int) -> bool:
    return await _live_readers(platform) == readers


async def _set_visibility(page: Page, state: str) -> None:
    await page.evaluate(
        "(state) => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )
