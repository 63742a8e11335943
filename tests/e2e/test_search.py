"""Search in a browser: suggestions, and pages of results with and without JavaScript."""

import asyncio
import os
import re
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.support.browsing import DESKTOP, PHONE, open_page
from tests.support.commands import LAUNCHER
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOTH = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _published(platform: Platform) -> None:
    """Publish articles and wait until both instances of search have indexed them."""
    await platform.publish("Mangroves hold the shore at Port Adesi", section="climate", body="Roots and mud. " * 30)
    await platform.publish("Who counts the mangroves?", section="world", body="Nobody had counted them.")
    for number in range(12):
        await platform.publish(f"Estuary diary, part {number}", section="world", body="An estuary is a slow thing.")
    for instance in (1, 2):
        await eventually(
            partial(_has_indexed_all, platform, instance), what=f"search {instance} has indexed all articles"
        )


async def _has_indexed_all(platform: Platform, instance: int) -> bool:
    async with platform.http.get(f"{platform.url('search', instance)}/v1/search?q=estuary&limit=1") as answer:
        return bool((await answer.json())["total"] == 12)


@asynccontextmanager
async def _open_about(
    browser: Browser, platform: Platform, size: ViewportSize, *, script: bool = True
) -> AsyncIterator[Page]:
    async with open_page(browser, [], viewport=size, java_script_enabled=script) as page:
        await page.goto(platform.edge + "/about")
        yield page


@BOTH
async def test_suggestions_appear_while_typing_and_work_by_keyboard(
    browser: Browser, platform: Platform, size: ViewportSize
) -> None:
    async with _open_about(browser, platform, size) as page:
        box = page.get_by_role("combobox", name="Search this site")

        await box.press_sequentially("mangr")
        options = page.get_by_role("option")
        await expect(options).to_have_count(3)
        await expect(options.last).to_have_text("View All Result")
        await expect(page.get_by_text("No Result", exact=True)).to_be_hidden()
        await expect(box).to_have_attribute("aria-expanded", "true")
        await expect(page.get_by_role("status")).to_have_text("Results: 2")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

        await box.press("ArrowDown")
        first = await options.first.get_attribute("id")
        await expect(box).to_have_attribute("aria-activedescendant", str(first))
        await expect(options.first).to_have_attribute("aria-selected", "true")
        await box.press("Escape")
        await expect(box).to_have_attribute("aria-expanded", "false")
        await expect(options.first).to_be_hidden()
        await expect(box).to_have_value("mangr")

        await box.press("ArrowDown")
        await box.press("ArrowUp")
        await box.press("ArrowUp")
        await box.press("Enter")
        await page.wait_for_url(re.compile(r"/search\?q=mangr$"))


async def test_click_on_a_suggestion_opens_the_article(browser: Browser, platform: Platform) -> None:
    async with _open_about(browser, platform, DESKTOP) as page:
        await page.get_by_role("combobox").press_sequentially("counts the")
        await page.get_by_role("option", name="Who counts the mangroves?").click()

        await expect(page.locator("h1")).to_have_text("Who counts the mangroves?")


async def test_link_to_all_results_keeps_the_language_of_the_page(browser: Browser, platform: Platform) -> None:
    async with _open_about(browser, platform, PHONE) as page:
        await page.goto(f"{platform.edge}/search?language=ar")

        await page.locator("#masthead-q").press_sequentially("mangr")
        await page.locator(".suggestion-all").click()

        await page.wait_for_url(re.compile(r"/search\?q=mangr&language=ar$"))
        await expect(page.locator("html")).to_have_attribute("lang", "ar")


async def test_search_without_results_says_so(browser: Browser, platform: Platform) -> None:
    async with _open_about(browser, platform, PHONE) as page:
        await page.get_by_role("combobox").press_sequentially("xylophone")

        await expect(page.locator(".suggestions")).to_have_text("No Result")
        await expect(page.get_by_role("status")).to_have_text("No Result")
        await expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize(
    ("size", "script"), [(PHONE, False), (DESKTOP, True)], ids=["phone, without JavaScript", "desktop, with JavaScript"]
)
async def test_form_opens_results_in_numbered_pages(
    browser: Browser, platform: Platform, size: ViewportSize, script: bool
) -> None:
    async with _open_about(browser, platform, size, script=script) as page:
        await page.locator("#masthead-q").fill("estuary")
        await page.locator("#masthead-q").press("Enter")
        await expect(page.locator(".found")).to_have_count(10)
        await expect(page.locator(".found mark").first).to_have_text("estuary")
        await expect(page.get_by_text("12 results · Page 1 of 2")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await page.get_by_role("link", name="More results").click()
        await expect(page.locator(".found")).to_have_count(2)

        await page.locator("#search-q").fill("mangroves")
        await page.locator("#search-section").select_option("climate")
        await page.locator(".search-again button").click()
        await expect(page.locator(".found h2")).to_have_text(["Mangroves hold the shore at Port Adesi"])


@pytest.mark.parametrize(
    ("size", "script"), [(PHONE, False), (DESKTOP, True)], ids=["phone, without JavaScript", "desktop, with JavaScript"]
)
async def test_dates_limit_the_results_and_stay_set_on_each_page(
    browser: Browser, platform: Platform, size: ViewportSize, script: bool
) -> None:
    now = datetime.now(UTC)
    before, after = ((now + timedelta(days=days)).date().isoformat() for days in (-1, 1))
    async with _open_about(browser, platform, size, script=script) as page:
        await page.goto(f"{platform.edge}/search?q=estuary")

        await page.get_by_label("From", exact=True).fill(before)
        await page.get_by_label("To", exact=True).fill(after)
        await page.locator(".search-again button").click()
        await expect(page.get_by_text("12 results · Page 1 of 2")).to_be_visible()
        await page.get_by_role("link", name="More results").click()
        await page.wait_for_url(re.compile(rf"/search\?q=estuary&from={before}&to={after}&page=2$"))
        await expect(page.locator("#search-from")).to_have_value(before)
        await expect(page.locator("#search-to")).to_have_value(after)

        await page.locator("#search-from").fill("")
        await page.locator("#search-to").fill(before)
        await page.locator(".search-again button").click()
        await expect(page.get_by_text("We found nothing for")).to_be_visible()
        await page.locator("#search-from").fill(after)
        await page.locator("#search-to").fill("")
        await page.locator(".search-again button").click()
        await expect(page.get_by_text("We found nothing for")).to_be_visible()


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("q=xylophone", 200, "We found nothing for"),
        ("", 200, "Write what you look for"),
        ("q=%00", 400, "This did not work"),
        ("q=" + "a" * 300, 400, "This did not work"),
        ("q=a&section=moon", 400, "This did not work"),
        ("q=a&page=zero", 400, "This did not work"),
        ("q=a&from=yesterday", 400, "This did not work"),
        ("q=a&to=9999-12-31", 400, "This did not work"),
        ("q=estuary&from=2026-02-08&to=2026-02-01", 200, "We found nothing for"),
        ("q=estuary&page=3", 404, "no such page"),
        ("q=" + "%F0%90%8C%B0" * 200, 200, "We found nothing for"),
        ("q=" + "a" * 5000, 414, "This did not work"),
        ("q=%22%5D%20OR%20headline%3A*%20%2B-%5C", 200, ""),
    ],
)
async def test_unusual_searches_return_the_right_page(platform: Platform, query: str, status: int, text: str) -> None:
    found, page = await platform.page(f"/search?{query}")

    assert found == status
    assert text in page
    assert '<meta name="robots" content="noindex">' in page


async def test_results_are_not_cached_and_lack_a_withdrawn_article(platform: Platform) -> None:
    article = await platform.publish("Quillwort season", section="climate")
    await eventually(lambda: _shows(platform, "quillwort", True), what="the article is found")

    await platform.act(article, "withdraw", {"reason": "It was not the season."})

    assert await eventually(lambda: _shows(platform, "quillwort", False), what="the article is no longer found")


async def _shows(platform: Platform, q: str, wanted: bool) -> bool:
    async with platform.http.get(f"{platform.edge}/search?q={q}") as answer:
        assert answer.headers["Cache-Control"] == "private, no-cache"
        return (
            "Quillwort season</a></h2>" in await answer.text() and 'class="card found"' in await answer.text()
        ) is wanted


async def test_rebuild_replaces_the_index_while_the_old_one_serves(platform: Platform) -> None:
    async def ready(instance: int = 1) -> dict[str, Any]:
        async with platform.http.get(platform.url("search", instance) + "/health/ready") as answer:
            found: dict[str, Any] = await answer.json()
            return found if answer.status == 200 else {}

    before = await ready()
    settings = {
        "WM_KAFKA": str(platform.facts()["kafka"]), "WM_SEARCH_INDEX": str(platform.data / "search"),
        "WM_INSTANCE": "1", "WM_KAFKA_IDEMPOTENCE": "false",
    }  # fmt: skip
    rebuild = await asyncio.create_subprocess_exec(
        LAUNCHER, "rebuild", "search", env={**os.environ, **settings}, stdout=PIPE
    )
    output = asyncio.create_task(rebuild.communicate())

    answers: list[object] = []
    while not output.done() or (await ready()).get("index") in (None, before["index"]):
        answers.append(await _has_indexed_all(platform, 1))
        answers.append(await ready())

    assert rebuild.returncode == 0, output.result()
    assert all(answers)
    assert (await ready())["index"] == before["index"] + 1

    async def are_equal() -> bool:
        return bool((await ready())["documents"] == (await ready(2))["documents"] >= before["documents"])

    # An article of an earlier test may reach an instance only now.
    await eventually(are_equal, what="the new index has what the other instance has")
    assert b"goes on serving" in output.result()[0]
