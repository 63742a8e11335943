"""A discussion in Chromium: posting in place, errors beside fields, the reader's own comments, votes, reports, closing a thread."""

from collections.abc import Mapping

import pytest
from playwright.async_api import Locator, expect

from tests.support.browsing import PHONE, open_page
from tests.support.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
        await page.goto(site.address(article["url"]))
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
        await page.goto(site.address(site.article["url"]))
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
