"""The preview in the editor is the page that readers get; a link shows it to anyone; the trace follows a publication."""

import json

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browsing import DESKTOP, open_page
from tests.support.polling import eventually
from tests.support.preview_page import as_preview, squeezed
from tests.support.running import Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def open_draft(page: Page, platform: Platform, headline: str) -> dict[str, object]:
    """Sign in as the first admin, and open a new draft."""
    login = json.loads((platform.data / "desk.json").read_text())
    sent = {"headline": headline, "section": "world", "body_markdown": "It opens at *dawn*."}
    article = await platform.post("/v1/articles", sent, wanted=201)
    await page.goto(f"{platform.edge}/desk/sign-in")
    await page.get_by_label("Email", exact=True).fill(login["email"])
    await page.get_by_label("Password", exact=True).fill(login["password"])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("link", name="New article")).to_be_visible()
    await page.goto(f"{platform.edge}/desk/articles/{article['id']}")
    return article


async def test_preview_is_saved_first_and_a_link_shows_it_to_anyone(platform: Platform, browser: Browser) -> None:
    async with open_page(browser, [], viewport=DESKTOP) as page:
        await open_draft(page, platform, "Preview of a pier")
        await page.get_by_label("Body", exact=True).fill("It opens at *noon*.")

        await page.get_by_role("button", name="Preview", exact=True).click()
        frame = page.frame_locator("iframe")
        await expect(frame.get_by_text("It opens at noon.")).to_be_visible()
        await page.get_by_role("radio", name="Desktop").check()
        await expect(frame.get_by_role("heading", name="Preview of a pier")).to_be_visible()
        await page.get_by_role("button", name="Make a link").click()
        link = await page.get_by_label("For anyone with this link").input_value()

    path = link.removeprefix(platform.edge) if link.startswith(platform.edge) else "/desk" + link.partition("/desk")[2]
    async with platform.http.get(platform.edge + path) as answer:
        assert answer.status == 200
        assert "It opens at <em>noon</em>." in await answer.text()
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    async with platform.http.get(f"{platform.edge}{path[:-6]}AAAAAA") as answer:
        assert answer.status == 404


async def test_preview_is_the_published_page_but_for_declared_differences(platform: Platform, browser: Browser) -> None:
    async with open_page(browser, [], viewport=DESKTOP) as page:
        article = await open_draft(page, platform, "Trace of a pier")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await page.get_by_role("button", name="Publish now").click()
        trace = page.get_by_role("region", name="On its way to readers")
        await expect(trace.get_by_text("Visible to readers: after")).to_be_visible()
        found = await (
            await platform.http.get(f"{platform.edge}/v1/articles/{article['id']}", headers=platform.editor)
        ).json()
        await platform.until_shown(found["url"], "It opens at")

        async def same() -> bool:
            preview = await (await page.request.get(f"{platform.edge}/desk/articles/{article['id']}/preview")).text()
            published = (await platform.page(str(found["url"])))[1]
            return squeezed(preview) == as_preview(published)

        await eventually(same, what="the preview equals the published page")
