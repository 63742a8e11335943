"""Live updates in a browser while a reader writes a comment or follows a notice."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route, expect

from shared.events import ArticleState, CommentState, Correction
from tests.support.browsing import PHONE, open_browser, open_page
from tests.support.gateway import Gateway, ProjectorHarness, an_article, next_version, removed
from tests.support.projector import a_comment


def _locate(page: Page, comment: CommentState) -> Locator:
    return page.locator(f"#comment-{comment.id}")


async def _write(page: Page, comment: CommentState, words: str) -> None:
    comment_element = _locate(page, comment)
    await comment_element.locator("summary").click()
    await comment_element.locator("textarea").fill(words)


async def test_reply_being_written_survives_the_removal_of_its_parent(
    projector: ProjectorHarness, gateway: Gateway, chromium: Path
) -> None:
    article = an_article()
    alone, answered, stays = (a_comment(article.id, minute=number, body_html="<p>Mud!</p>") for number in range(3))
    reply = a_comment(article.id, parent_id=answered.id, root_id=answered.id, minute=4)
    deep = a_comment(article.id, minute=5)
    answer = a_comment(article.id, parent_id=deep.id, root_id=deep.id, minute=6)
    await projector.apply(article, alone, answered, stays, reply, deep, answer)
    await gateway.until_shown(article.url, "6 comments")
    problems: list[str] = []

    async with open_browser(chromium) as browser, open_page(browser, problems, viewport=PHONE) as page:
        async with page.expect_request("**/v1/live?*"):
            await page.goto(str(gateway.client.make_url(article.url)))
        await _write(page, alone, "Not so, since")
        await _write(page, answered, "And yet, as")
        await _write(page, answer, "Deep down,")
        await page.locator("main").focus()
        await projector.apply(*map(removed, (alone, answered, stays, deep, answer)))
        await expect(page.locator("[data-comments-title]")).to_have_text("1 comment")

        await expect(_locate(page, alone).locator("textarea")).to_have_value("Not so, since")
        await expect(_locate(page, answered).locator("textarea")).to_have_value("And yet, as")
        await expect(_locate(page, answer).locator("textarea")).to_have_value("Deep down,")
        await expect(_locate(page, alone)).to_contain_text("This comment is not here any more.")
        await expect(_locate(page, answered)).to_contain_text("A moderator has removed this comment.")
        await expect(page.get_by_text("Mud!")).to_have_count(0)
        await expect(_locate(page, stays)).to_have_count(0)


def _corrected(article: ArticleState, note: str) -> ArticleState:
    at = article.updated_at + timedelta(hours=1)
    return next_version(article, corrected_at=at, corrections=(Correction(note=note, at=at),))


@pytest.mark.parametrize("seen", ["h1", ".footer"])
async def test_correction_below_the_fold_is_scrolled_to_on_request(
    projector: ProjectorHarness, gateway: Gateway, chromium: Path, seen: str
) -> None:
    body = "<p>It did.</p>" * 80 + '<p><img src="/media/late.jpg" alt="A jetty"></p>'
    article = an_article(standfirst="It rose by a hand each week. " * 60, body_html=body)
    await projector.apply(article)
    await gateway.until_shown(article.url, "It did.")
    shown = asyncio.Event()

    async def hold(route: Route) -> None:
        await shown.wait()
        await route.fulfill(status=404)

    async with open_browser(chromium) as browser, open_page(browser, [], viewport=PHONE) as page:
        async with page.expect_request("**/v1/live?*"):
            await page.goto(str(gateway.client.make_url(article.url)))
        await page.locator(seen).scroll_into_view_if_needed()
        await projector.apply(_corrected(article, "It rose by two hands."))
        await gateway.until_shown(article.url, "It rose by two hands.")
        await page.route("**/media/late.jpg", hold)
        await page.locator(".pill").click()

        await expect(page.locator("#correction")).to_be_in_viewport(ratio=1)
        shown.set()
        await page.wait_for_load_state()
        await page.wait_for_function("history.scrollRestoration === 'auto'")
        await expect(page.locator("#correction")).to_be_in_viewport(ratio=1)
        assert page.url.endswith("#correction")


async def test_discussion_shows_its_empty_text_after_the_last_removal(
    projector: ProjectorHarness, gateway: Gateway, chromium: Path
) -> None:
    article = an_article()
    first, next_one = a_comment(article.id), a_comment(article.id, minute=1, body_html="<p>After all.</p>")
    await projector.apply(article, first)
    await gateway.until_shown(article.url, "1 comment")

    async with open_browser(chromium) as browser, open_page(browser, [], viewport=PHONE) as page:
        async with page.expect_request("**/v1/live?*"):
            await page.goto(str(gateway.client.make_url(article.url)))
        none = page.get_by_text("Nobody has replied yet.")
        await expect(none).to_be_hidden()
        await projector.apply(removed(first))
        await expect(none).to_be_visible()
        await expect(page.locator(".threads")).to_have_count(0)

        await projector.apply(next_one)
        await expect(page.get_by_text("After all.")).to_be_attached()
        await expect(none).to_be_hidden()


async def test_newer_version_opens_in_a_new_tab_while_a_comment_is_written(
    projector: ProjectorHarness, gateway: Gateway, chromium: Path
) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, "It did.")

    async with open_browser(chromium) as browser, open_page(browser, [], viewport=PHONE) as page:
        async with page.expect_request("**/v1/live?*"):
            await page.goto(str(gateway.client.make_url(article.url)))
        words = page.get_by_role("textbox", name="Comment")
        await words.fill("I was there, and")
        await projector.apply(_corrected(article, "It rose by two hands."))
        await gateway.until_shown(article.url, "It rose by two hands.")

        async with page.expect_popup() as opened:
            await page.locator(".pill").click()
        fresh = await opened.value
        await expect(fresh.locator("#correction")).to_be_in_viewport()
        await expect(words).to_have_value("I was there, and")

        await words.fill("")
        await page.locator(".pill").click()
        await expect(page.locator("#correction")).to_be_in_viewport()
