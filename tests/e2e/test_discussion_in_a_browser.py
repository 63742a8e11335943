"""A discussion in Chromium: posting in place, errors beside fields, the reader's own comments, votes, reports, closing a thread."""

import re
from collections.abc import Mapping

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browsing import PHONE, open_page
from tests.support.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _open(page: Page, address: str) -> None:
    """Open an article and wait for the scripts of its discussion: until they come, forms are plain forms."""
    await page.goto(address)
    await page.locator(".comments").scroll_into_view_if_needed()
    await expect(page.locator(".own")).to_be_attached()


async def _write(form: Locator, text: str, email: str = "leyla@readers.example.org") -> None:
    for name, value in (("body", text), ("name", "Leyla"), ("email", email)):
        await form.locator(f"[name={name}]").fill(value)
    await form.locator("button:not([type=button])").click()


async def _waiting(site: Site, text: str) -> Mapping[str, object]:
    """The comment with a text, as a moderator sees it while it waits."""
    platform = site.platform
    async with platform.http.get(f"{platform.edge}/v1/comments?status=pending", headers=platform.editor) as answer:
        assert answer.status == 200
        return next(item for item in (await answer.json())["items"] if text in item["body"])


async def test_reader_is_told_that_a_comment_waits_and_sees_it_live_when_it_is_approved(site: Site) -> None:
    problems: list[str] = []
    article = await site.publish("The ferry timetable")
    async with open_page(site.browser, problems, viewport=PHONE) as page:
        await _open(page, site.address(article["url"]))
        form = page.locator("form[data-new]")
        await _write(form, "The last boat leaves too early.\nAsk anyone.")
        received = page.locator("[data-received]")
        await expect(received).to_contain_text("waits for a moderator")
        await expect(received).to_be_focused()
        await expect(form.locator("[name=body]")).to_have_value("")
        own = page.locator(".own .comment")
        await expect(own).to_contain_text("Ask anyone.")

        await page.reload()
        await page.locator(".comments").scroll_into_view_if_needed()
        await expect(own).to_contain_text("only you see it")
        waiting = await _waiting(site, "The last boat")
        await site.platform.post(f"/v1/comments/{waiting['id']}/approve", {})
        shown = page.locator(f"#comment-{waiting['id']}")
        await expect(shown).to_contain_text("The last boat")
        await expect(own).to_have_count(0)
    assert problems == []


async def test_errors_stand_beside_their_fields_and_the_first_gets_the_focus(site: Site) -> None:
    problems: list[str] = []
    async with open_page(site.browser, problems, viewport=PHONE) as page:
        await _open(page, site.address(site.article["url"]))
        form = page.locator("form[data-new]")
        await _write(form, " \n ", email="leyla@readers")

        body = form.locator("[name=body]")
        await expect(body).to_be_focused()
        await expect(body).to_have_attribute("aria-invalid", "true")
        await expect(body).to_have_accessible_description("There is nothing to read in it.")
        await expect(form.locator(".error")).to_have_count(2)
        await expect(form.locator("[name=email]")).to_have_value("leyla@readers")

        await _write(form, "Now with words.")
        await expect(page.locator("[data-received]")).to_be_focused()
        await expect(form.locator(".error")).to_have_count(0)
    assert [problem for problem in problems if "422" not in problem] == []


async def test_reader_votes_reports_and_closes_a_thread(site: Site) -> None:
    problems: list[str] = []
    article = await site.publish("The tide tables")
    await site.comment(article, "High water is at noon.")
    await site.until_shown(article["url"], "High water")
    async with open_page(site.browser, problems, viewport=PHONE) as page:
        await _open(page, site.address(article["url"]))
        agree, disagree = (page.get_by_role("button", name=re.compile(f"^{word}")) for word in ("Agree", "Disagree"))
        await agree.click()
        await expect(agree).to_have_attribute("aria-pressed", "true")
        await expect(agree).to_have_text("Agree with Ada 1")
        await site.until_shown(article["url"], 'data-votes="1"')

        await page.reload()
        await expect(agree).to_have_attribute("aria-pressed", "true")
        await disagree.click()
        await expect(agree).to_have_attribute("aria-pressed", "false")
        await expect(disagree).to_have_text("Disagree with Ada 1")
        await disagree.click()
        await expect(disagree).to_have_attribute("aria-pressed", "false")
        await expect(disagree.locator("[data-votes]")).to_have_text("")

        await page.get_by_role("link", name="Report the comment by Ada").click()
        form = page.get_by_role("form", name="Report the comment by Ada")
        await expect(page.get_by_label("What is wrong with it?")).to_be_focused()
        await page.get_by_label("What is wrong with it?").select_option("off-topic")
        await page.get_by_label("Note for the editors").fill("<img src=x onerror=window.ran=1>")
        await page.get_by_role("button", name="Send report").click()
        await expect(page.locator(".act-note")).to_be_focused()
        await expect(form).to_have_count(0)

        reply = page.locator("details.reply")
        await reply.locator("summary").click()
        await _write(reply, "Not on Sundays.")
        await expect(page.locator(".own")).to_contain_text("Not on Sundays.")
        waiting = await _waiting(site, "Not on Sundays.")
        await site.platform.post(f"/v1/comments/{waiting['id']}/approve", {})
        rest = page.locator(".thread-rest")
        await expect(rest.locator("summary").first).to_have_text("1 reply")
        await expect(rest).to_contain_text("Not on Sundays.")
        await rest.locator("summary").first.click()
        await expect(page.get_by_text("Not on Sundays.")).to_be_hidden()
    assert problems == []


async def test_reader_changes_and_deletes_a_comment_in_place(site: Site) -> None:
    problems: list[str] = []
    article = await site.publish("The harbour wall")
    async with open_page(site.browser, problems, viewport=PHONE) as page:
        await _open(page, site.address(article["url"]))
        await _write(page.locator("form[data-new]"), "It leans.", email="omar@readers.example.org")
        await expect(page.locator(".own")).to_contain_text("It leans.")
        waiting = await _waiting(site, "It leans.")
        await site.platform.post(f"/v1/comments/{waiting['id']}/approve", {})
        comment = page.locator(f"#comment-{waiting['id']}")
        await expect(comment).to_contain_text("It leans.")

        await comment.get_by_role("button", name="Edit").click()
        text = comment.get_by_role("textbox")
        await expect(text).to_be_focused()
        await text.fill("It leans to the south.")
        await comment.get_by_role("button", name="Save").click()
        await expect(page.locator("[data-received]")).to_be_focused()
        await expect(page.get_by_text("It leans to the south.").first).to_be_visible()

        await page.reload()
        await page.locator(".comments").scroll_into_view_if_needed()
        shown = page.locator(".comment:visible", has_text="It leans to the south.")
        await shown.get_by_role("button", name="Delete").click()
        await shown.get_by_role("button", name="Delete it").click()
        await expect(page.locator("[data-received]")).to_have_text("Your comment is deleted.")
        await expect(page.get_by_text("It leans to the south.")).to_have_count(0)
        await site.platform.until_shown(article["url"], "Nobody has replied yet.")
    assert problems == []
