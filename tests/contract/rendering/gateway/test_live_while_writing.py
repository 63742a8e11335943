"""A live page in a browser while its reader is in the middle of a reply, or follows what the page has to say."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route, expect

from shared.events import ArticleCorrected, ArticleState, CommentRemoved, CommentState, Correction
from tests.support.browsing import PHONE, open_browser, open_page
from tests.support.gateway import Gateway, ProjectorHarness, an_article
from tests.support.projector import a_comment


def _removed(comment: CommentState) -> CommentState:
    return CommentRemoved.model_validate(
        {**comment.model_dump(), "version": 2, "status": "removed", "name": "", "body": "", "body_html": ""}
    )


def _place(page: Page, comment: CommentState) -> Locator:
    return page.locator(f"#comment-{comment.id}")


async def _write(page: Page, comment: CommentState, words: str) -> None:
    place = _place(page, comment)
    await place.locator("summary").click()
    await place.locator("textarea").fill(words)


async def test_a_half_written_reply_stays_when_a_moderator_removes_what_it_answers(
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
        await projector.apply(*map(_removed, (alone, answered, stays, deep, answer)))
        await expect(page.locator("[data-comments-title]")).to_have_text("1 comment")

        await expect(_place(page, alone).locator("textarea")).to_have_value("Not so, since")
        await expect(_place(page, answered).locator("textarea")).to_have_value("And yet, as")
        await expect(_place(page, answer).locator("textarea")).to_have_value("Deep down,")
        await expect(_place(page, alone)).to_contain_text("This comment is not here any more.")
        await expect(_place(page, answered)).to_contain_text("A moderator has removed this comment.")
        await expect(page.get_by_text("Mud!")).to_have_count(0)
        await expect(_place(page, stays)).to_have_count(0)


def _corrected(article: ArticleState, note: str) -> ArticleState:
    at = article.updated_at + timedelta(hours=1)
    changes = {"version": 2, "corrected_at": at, "corrections": (Correction(note=note, at=at),)}
    return ArticleCorrected.model_validate({**article.model_dump(), **changes})


@pytest.mark.parametrize("seen", ["h1", ".footer"])
async def test_a_correction_below_the_first_screen_is_shown_to_who_asks_for_it(
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


async def test_a_discussion_whose_last_comment_is_removed_says_what_an_empty_one_says(
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
        await projector.apply(_removed(first))
        await expect(none).to_be_visible()
        await expect(page.locator(".threads")).to_have_count(0)

        await projector.apply(next_one)
        await expect(page.get_by_text("After all.")).to_be_attached()
        await expect(none).to_be_hidden()


async def test_a_newer_version_comes_in_a_tab_of_its_own_while_a_comment_is_half_written(
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
