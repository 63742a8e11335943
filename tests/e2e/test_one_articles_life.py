"""The life of an article in a browser: publication, comments, views, Popular News, correction and withdrawal."""

import re
import time
from itertools import count

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.appearances import outdated
from tests.support.browsing import PHONE, open_page
from tests.support.polling import eventually, promptly
from tests.support.running import Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _publish(platform: Platform) -> dict[str, object]:
    return await platform.publish(
        "Lighthouse at Cape Sannur shines again",
        section="africa",
        body="The keeper climbed the stairs at dusk.\n\n## Forty years dark\n\n*Nobody* had expected the lens to turn.",
        standfirst="After forty years the lamp was lit by hand.",
        bylines=["Ines Halloran"],
        tags=["Harbours", "Light"],
    )


async def _comment(page: Page, email: str) -> None:
    form = page.locator('form[action$="/comments"]').first
    await form.locator('[name="name"]').fill("Ada Reader")
    await form.locator('[name="email"]').fill(email)
    await form.locator('[name="body"]').fill("I remember the old lamp.")
    await form.get_by_role("button").first.click()
    await page.wait_for_load_state()


async def _approve_pending(platform: Platform) -> str:
    async with platform.http.get(f"{platform.edge}/v1/comments?status=pending", headers=platform.editor) as answer:
        assert answer.status == 200, await answer.text()
        pending = (await answer.json())["items"]
    # Other tests of this platform may leave waiting comments.
    pending = [item for item in pending if item["body"] == "I remember the old lamp."]
    assert len(pending) == 1
    assert "@example.org" not in str(pending)
    approved = await platform.post(f"/v1/comments/{pending[0]['id']}/approve", {})
    assert approved["status"] == "published"
    return str(pending[0]["id"])


async def test_approved_comment_is_shown_within_three_seconds(platform: Platform) -> None:
    article = await _publish(platform)
    url, numbers = str(article["url"]), count(1)
    await platform.until_shown(url, "The keeper climbed the stairs")

    async def approve() -> float:
        fields = {"name": "Ada", "email": f"ada-{next(numbers)}@example.org", "body": "I remember the old lamp."}
        comment = await platform.post(f"/v1/articles/{article['id']}/comments", fields, wanted=201)
        began = time.monotonic()
        assert await _approve_pending(platform) == comment["id"]
        await platform.until_shown(url, f"comment-{comment['id']}")
        return time.monotonic() - began

    await promptly(approve, within_s=3)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_article_from_publication_to_popular_news_and_withdrawal(
    platform: Platform, browser: Browser, script: bool
) -> None:
    article = await _publish(platform)
    url, identity = str(article["url"]), article["id"]
    await platform.until_shown(url, "The keeper climbed the stairs")
    problems: list[str] = []
    async with open_page(browser, problems, viewport=PHONE, java_script_enabled=script) as page:
        await page.goto(platform.edge + url)
        await expect(page.locator("h1")).to_have_text("Lighthouse at Cape Sannur shines again")
        await expect(page.get_by_role("heading", name="Forty years dark")).to_be_visible()
        await _comment(page, f"ada-{script}@example.org".lower())
        assert page.url.split("#")[0] == platform.edge + url + ("" if script else "?received=1")
        thanks = page.locator("#received")
        await expect(thanks).to_be_in_viewport()

        comment = await _approve_pending(platform)
        if script:
            await expect(page.locator(f"#comment-{comment}")).to_be_in_viewport()
            await expect(thanks).to_be_hidden()
        await platform.until_shown(url, f"comment-{comment}")
        if script:
            # A page that is left within a second of its opening is not a view.
            await _expect_views(platform, str(identity), 1)
        await page.goto(platform.edge + url)
        await expect(page.get_by_text("I remember the old lamp.")).to_be_visible()
        await expect(thanks).to_be_hidden()

        if script:
            await _expect_views_to_rank(platform, page, str(identity), url)
    assert problems == []
    await _withdraw(platform, article, url)


async def _expect_views(platform: Platform, identity: str, count: int) -> None:
    async def counted() -> bool:
        return await platform.views(identity) >= count

    await eventually(counted, what=f"{count} views of the browser are counted")


async def _expect_views_to_rank(platform: Platform, page: Page, identity: str, url: str) -> None:
    await _expect_views(platform, identity, 2)

    async def listed() -> bool:
        async with platform.http.get(f"{platform.edge}/v1/popular?window=24h") as answer:
            return identity in [item["article_id"] for item in (await answer.json())["items"]]

    await eventually(listed, what="the article is in the ranking")
    await page.goto(platform.edge + "/")
    await expect(
        page.locator("main, aside, footer").get_by_role("link", name=re.compile("Lighthouse")).first
    ).to_be_visible()


async def _withdraw(platform: Platform, article: dict[str, object], url: str) -> None:
    await platform.act(article, "withdraw", {"reason": "The lamp was not lit."})

    async def gone() -> bool:
        statuses = [(await platform.page(url, base=platform.url("rendering", number)))[0] for number in (1, 2)]
        _, home = await platform.page("/")
        async with platform.http.get(f"{platform.edge}/v1/popular") as answer:
            ranked = [item["article_id"] for item in (await answer.json())["items"]]
        return statuses == [410, 410] and url not in home and article["id"] not in ranked

    await eventually(gone, what="the article is gone from every gateway, the home page and the ranking")


async def test_correction_is_shown_with_its_note_on_every_gateway(platform: Platform) -> None:
    article = await platform.publish("Ferry fares to rise by a tenth", body="They rise in March.")
    await platform.until_shown(str(article["url"]), "They rise in March")
    changed = {"headline": "Ferry fares to rise by a fifth", "section": "world", "body_markdown": "They rise in April."}
    working = await platform.edit(article, changed)
    _, unchanged = await platform.page(str(article["url"]), base=platform.url("rendering"))
    assert "They rise in March" in unchanged

    await platform.act(working, "correct", {"note": "The fares rise in April, by a fifth."})

    for number in (1, 2):

        async def corrected(gateway: str = platform.url("rendering", number)) -> bool:
            _, text = await platform.page(str(article["url"]), base=gateway)
            return "The fares rise in April, by a fifth." in text and "They rise in April" in text

        await eventually(corrected, what=f"the correction on gateway {number}")


async def test_pages_fit_a_phone_and_a_desktop(platform: Platform, browser: Browser) -> None:
    article = await platform.publish("A headline " + "of many words " * 9, section="world")
    await platform.until_shown(str(article["url"]), "of many words")
    for width in (320, 390, 1280):
        page = await browser.new_page(viewport={"width": width, "height": 900})
        for path in ("/", str(article["url"]), "/world", "/about", "/nowhere/at-all"):
            await page.goto(platform.edge + path)
            overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{path} is {overflow} px wider than {width}"
        await page.close()


async def test_correction_and_withdrawal_reach_every_appearance(platform: Platform) -> None:
    before, after = "Beacon of Ras Amun relit", "Beacon of Ras Hamun relit"
    neighbour = await platform.publish("Nets mended before the season", section="africa")
    sibling = await platform.publish(
        "A lens ground by hand", section="world", tags=["Old Light"], bylines=["Ines Halloran"]
    )
    article = await platform.publish(
        before, section="africa", body="By hand.", tags=["Old Light"], bylines=["Ines Halloran"]
    )
    variables = {"url": str(article["url"]), "id": str(article["id"]), "neighbour": str(neighbour["url"])}
    variables |= {"sibling": str(sibling["url"]), "site": platform.edge}
    # More views than in any other test, so that the article is among the five of Popular News.
    for _ in range(40):
        await platform.post("/v1/views", {"article_id": article["id"]}, wanted=202)

    missing: list[str] = []

    async def reached(expected: str | None, unexpected: str) -> bool:
        missing[:] = await outdated(platform, variables, expected=expected, unexpected=unexpected)
        return not missing

    await eventually(lambda: reached(before, after), what=lambda: missing)

    changed = {"headline": after, "section": "africa", "body_markdown": "By hand.", "tags": ["Old Light"]}
    working = await platform.edit(article, {**changed, "bylines": ["Ines Halloran"], "slug": article["slug"]})
    corrected = await platform.act(working, "correct", {"note": "It is Ras Hamun."})
    await eventually(lambda: reached(after, before), what=lambda: missing)

    await platform.act(corrected, "withdraw", {"reason": "It was not relit."})
    assert await eventually(lambda: reached(None, after), what=lambda: missing)
