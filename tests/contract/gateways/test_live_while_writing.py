"""A live page in a browser while its reader is in the middle of a reply."""

from pathlib import Path

from playwright.async_api import Locator, Page, expect

from shared.events import CommentRemoved, CommentState
from tests.contract.gateway_house import Gateway, House, an_article
from tests.contract.projector_house import a_comment
from tests.e2e.browsing import PHONE, open_browser, open_page


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
    house: House, gateway: Gateway, chromium: Path
) -> None:
    article = an_article()
    alone, answered, stays = (a_comment(article.id, minute=number, body_html="<p>Mud!</p>") for number in range(3))
    reply = a_comment(article.id, parent_id=answered.id, root_id=answered.id, minute=4)
    deep = a_comment(article.id, minute=5)
    answer = a_comment(article.id, parent_id=deep.id, root_id=deep.id, minute=6)
    await house.tell(article, alone, answered, stays, reply, deep, answer)
    await gateway.until_shown(article.url, "6 comments")
    problems: list[str] = []

    async with open_browser(chromium) as browser, open_page(browser, problems, viewport=PHONE) as page:
        async with page.expect_request("**/v1/live?*"):
            await page.goto(str(gateway.client.make_url(article.url)))
        await _write(page, alone, "Not so, since")
        await _write(page, answered, "And yet, as")
        await _write(page, answer, "Deep down,")
        await page.locator("main").focus()
        await house.tell(*map(_removed, (alone, answered, stays, deep, answer)))
        await expect(page.locator("[data-comments-title]")).to_have_text("1 comment")

        await expect(_place(page, alone).locator("textarea")).to_have_value("Not so, since")
        await expect(_place(page, answered).locator("textarea")).to_have_value("And yet, as")
        await expect(_place(page, answer).locator("textarea")).to_have_value("Deep down,")
        await expect(_place(page, alone)).to_contain_text("This comment is not here any more.")
        await expect(_place(page, answered)).to_contain_text("A moderator has removed this comment.")
        await expect(page.get_by_text("Mud!")).to_have_count(0)
        await expect(_place(page, stays)).to_have_count(0)
