"""An editor's day, by accessible names alone: with JavaScript and without it, on a phone and on a desktop."""

import json
import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from shared.times import now
from tests.support.browsing import DESKTOP, open_page
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL_PHONE: ViewportSize = {"width": 360, "height": 740}


async def sign_in(page: Page, platform: Platform) -> None:
    """Sign in as the first admin."""
    login = json.loads((platform.data / "desk.json").read_text())
    await page.goto(f"{platform.edge}/desk")
    await page.get_by_label("Email", exact=True).fill(login["email"])
    await page.get_by_label("Password", exact=True).fill(login["password"])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("link", name="New article")).to_be_visible()


async def write(page: Page, headline: str, body: str) -> None:
    """Fill a new article and save it."""
    await page.get_by_role("link", name="New article").click()
    await page.get_by_label("Section", exact=True).select_option("world")
    await page.get_by_label("Headline", exact=True).fill(headline)
    await page.get_by_label("Standfirst", exact=True).fill("A line that says why.")
    await page.get_by_label("Body", exact=True).fill(body)
    await save(page)


async def save(page: Page) -> None:
    """Save, and wait until the desk says so of this text: without JavaScript by a new page, with it by the answer."""
    async with page.expect_response(
        lambda answer: answer.request.method in ("POST", "PUT") and "/articles" in answer.url
    ):
        await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#save-state")).to_have_text(re.compile("^Saved"))


async def act(page: Page, button: str, confirmation: str, **fields: str) -> None:
    """Press an act's button, fill what it asks for, confirm."""
    await page.get_by_role("button", name=button, exact=True).click()
    for name, text in fields.items():
        await page.get_by_label(name.replace("_", " "), exact=True).fill(text)
    await page.get_by_role("button", name=confirmation).click()
    await expect(page.get_by_role("button", name=confirmation)).to_have_count(0)


async def public_status(platform: Platform, path: str) -> int:
    """The status that readers get."""
    return (await platform.page(path))[0]


async def until_public(platform: Platform, path: str, text: str) -> None:
    """Wait until readers see a text."""

    async def seen() -> bool:
        status, body = await platform.page(path)
        return status == 200 and text in body

    await eventually(seen, what=f"{path} with “{text}”")


@pytest.mark.parametrize(
    ("viewport", "script"),
    [
        pytest.param(SMALL_PHONE, True, id="phone-script"),
        pytest.param(DESKTOP, False, id="desktop-no-script"),
        pytest.param(DESKTOP, True, id="desktop-script", marks=pytest.mark.long),
        pytest.param(SMALL_PHONE, False, id="phone-no-script", marks=pytest.mark.long),
    ],
)
async def test_editor_writes_publishes_corrects_and_withdraws(
    platform: Platform, browser: Browser, viewport: ViewportSize, script: bool
) -> None:
    name = f"Harbour {viewport['width']} {'quick' if script else 'plain'}"
    path = f"/world/{name.lower().replace(' ', '-')}"
    problems: list[str] = []
    async with open_page(browser, problems, viewport=viewport, java_script_enabled=script) as page:
        await sign_in(page, platform)
        await write(page, name, "The harbour opens at *dawn*.")
        editor = page.url.partition("?")[0]

        await act(page, "Publish", "Publish now")
        await until_public(platform, path, "The harbour opens at")

        await page.goto(editor)
        await page.get_by_label("Body", exact=True).fill("The harbour opens at **noon**.")
        await save(page)
        assert "noon" not in (await platform.page(path))[1]
        await act(page, "Correct", "Publish correction", Note="An earlier version had the wrong hour.")
        await until_public(platform, path, "An earlier version had the wrong hour.")
        await until_public(platform, "/corrections", "An earlier version had the wrong hour.")

        await page.goto(editor)
        await act(page, "Withdraw", "Withdraw article", Reason="It was another harbour.")

        async def gone() -> bool:
            return await public_status(platform, path) == 410

        await eventually(gone, what="410 for readers")
        await page.goto(f"{platform.edge}/desk")
        await expect(page.get_by_role("link", name=name)).to_be_visible()
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await expect(page.get_by_label("Password", exact=True)).to_be_visible()

    assert problems == []


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="script"), pytest.param(False, id="no-script", marks=pytest.mark.long)]
)
async def test_editor_schedules_sees_the_calendar_and_unschedules(
    platform: Platform, browser: Browser, script: bool
) -> None:
    name = f"Regatta {'quick' if script else 'plain'}"
    day = (now() + timedelta(days=3)).date()
    async with open_page(browser, [], viewport=DESKTOP, java_script_enabled=script) as page:
        await sign_in(page, platform)
        await write(page, name, "It starts on Friday.")
        editor = page.url.partition("?")[0]

        await act(page, "Schedule", "Schedule for", Publish_at=f"{day}T09:30")
        await page.get_by_role("link", name="Calendar", exact=True).click()
        await page.goto(f"{page.url}?view=list&date={day}")
        await expect(page.get_by_text(name).first).to_be_visible()
        await expect(page.get_by_text("09:30").first).to_be_visible()

        await page.goto(editor)
        await act(page, "Unschedule", "Unschedule article")
        await page.goto(editor)
        await expect(page.get_by_role("button", name="Schedule", exact=True)).to_be_visible()
        assert await public_status(platform, f"/world/{name.lower().replace(' ', '-')}") == 404


async def test_editor_restores_what_was_there_before(platform: Platform, browser: Browser) -> None:
    async with open_page(browser, [], viewport=DESKTOP) as page:
        await sign_in(page, platform)
        await write(page, "Lighthouse first", "It was lit in spring.")
        editor = page.url.partition("?")[0]
        await page.get_by_label("Headline", exact=True).fill("Lighthouse second")
        await save(page)

        await page.get_by_role("link", name="Revisions", exact=True).click()
        await page.get_by_role("button", name="Restore").last.click()
        confirm = page.get_by_role("button", name="Restore")
        if page.url.partition("?")[0] != editor and await confirm.count():
            await confirm.first.click()

        await page.goto(editor)
        await expect(page.get_by_label("Headline", exact=True)).to_have_value("Lighthouse first")
