"""The editor's page follows its article: states and times, title, address, and the way of a withdrawal."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.support.desk_editor import make_article, open_article, open_context
from tests.support.desk_front import Front

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_schedule_shows_in_the_line_of_states_at_once(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)

        await page.get_by_role("button", name="Schedule", exact=True).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Publish at").fill("2031-02-08T21:05")
        await dialog.get_by_role("button", name="Schedule for 8 Feb 2031, 21:05").click()

        await expect(page.locator("#states")).to_contain_text("Draft Scheduled for 8 Feb 2031, 21:05")
        shown = await page.locator("#states").inner_text()
        await page.reload()
        assert await page.locator("#states").inner_text() == shown


async def test_headline_is_the_title_while_it_is_written(browser: Browser, front: Front) -> None:
    async with open_context(browser, front) as context:
        page = await context.new_page()
        await page.goto("/desk/articles/new")

        await page.get_by_label("Headline").fill("Ferries wait")

        await expect(page).to_have_title(re.compile("^Ferries wait · "))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Ferries wait")


async def test_first_publication_tells_that_a_new_slug_moves_the_article(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)

        await page.get_by_role("button", name="Publish", exact=True).click()
        await page.get_by_role("button", name="Publish now").click()
        await expect(page.locator("#states")).to_have_text("Published")

        await expect(page.locator("#slug-more")).to_contain_text("The old address leads readers there.")
        await page.get_by_label("Slug").fill("another")
        await expect(page.locator("#slug-address")).to_contain_text("New address: ")


async def test_withdrawal_is_told_as_gone_for_readers(browser: Browser, front: Front) -> None:
    article = await front.desk.ingestion.act(await make_article(front), "publish")
    await front.desk.ingestion.act(article, "withdraw", {"reason": "It was a draft."})
    async with open_context(browser, front) as context:
        page = await context.new_page()
        await page.goto(f"/desk/articles/{article['id']}?done=withdraw")

        way = page.get_by_role("region", name="The withdrawal on its way to readers")
        await expect(way).to_contain_text("Withdrawn.")
        await expect(way.get_by_text("Gone for readers: not yet")).to_be_visible()
