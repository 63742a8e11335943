"""List, calendar, questions before acts, revisions: in a browser, with and without JavaScript, and in axe."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from shared.times import now
from shared.zone_times import local_text
from tests.support.axe import CONTRAST, violations
from tests.support.browsing import open_page
from tests.support.desk import RIYADH, DeskClient
from tests.support.nu_checker import nu_findings

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = (
    "A headline of many words about a harbour, its ferries, their fares, and the people who wait for them in the rain "
    * 1
)
BODY = "## The quay\n\nThe ferry *waits* for the tide.\n\n> We wait.\n\n- First boat\n- Second boat"


@asynccontextmanager
async def page_of(person: DeskClient, browser: Browser, **context: Any) -> AsyncIterator[Page]:
    """A person's page; fails on errors of its scripts."""
    problems: list[str] = []
    async with open_page(browser, problems, **{"viewport": {"width": 1280, "height": 900}, **context}) as page:
        await person.enter(page.context)
        yield page
    # Refused filters have the status 422. The editor calls the API, which is not behind this desk's address: 404.
    assert [problem for problem in problems if "Failed to load resource" not in problem] == []


@asynccontextmanager
async def listed(
    person: DeskClient, browser: Browser, **context: Any
) -> AsyncIterator[tuple[Page, Sequence[Mapping[str, object]]]]:
    """A list of three articles, the newest first."""
    word = f"w{uuid4().hex[:8]}"
    made = [await person.ingestion.create(headline=f"{word} {number}") for number in range(3)]
    async with page_of(person, browser, **context) as page:
        await page.goto(f"{person.url}/desk?q={word}")
        yield page, made[::-1]


async def focused(page: Page) -> str:
    """The text of the element with the focus."""
    return str(await page.evaluate("document.activeElement.textContent"))


async def test_keys_move_through_the_list_and_open_an_article(editor: DeskClient, browser: Browser) -> None:
    async with listed(editor, browser) as (page, made):
        for key, wanted in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1)):
            await page.keyboard.press(key)
            assert await focused(page) == made[wanted]["headline"], key
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/desk/articles/{made[1]['id']}")
        await page.go_back()
        await expect(page.locator("#articles").get_by_role("link", name=str(made[0]["headline"]))).to_be_visible()


async def test_keys_rest_while_a_field_has_the_focus_and_can_be_turned_off(
    editor: DeskClient, browser: Browser
) -> None:
    async with listed(editor, browser) as (page, _):
        await page.keyboard.press("/")
        search = page.get_by_label("Search headlines")
        await expect(search).to_be_focused()
        await page.keyboard.type("jkn?")
        await expect(search).to_have_value("jkn?")

        await page.get_by_role("button", name="Keyboard shortcuts").click()
        await page.get_by_label("Use single-key shortcuts").uncheck()
        await page.get_by_role("button", name="Close").click()
        await page.keyboard.press("n")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        assert "/articles/new" not in page.url


async def test_question_mark_explains_and_the_focus_returns(editor: DeskClient, browser: Browser) -> None:
    async with listed(editor, browser) as (page, made):
        await page.keyboard.press("j")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await page.keyboard.press("Escape")
        assert await focused(page) == made[0]["headline"]
        await page.keyboard.press("n")
        await page.wait_for_url("**/desk/articles/new")


async def test_browser_in_tokyo_shows_the_newsrooms_time_and_its_own(editor: DeskClient, browser: Browser) -> None:
    article = await editor.ingestion.create(headline=f"w{uuid4().hex[:8]}")
    async with page_of(editor, browser, timezone_id="Asia/Tokyo") as page:
        await page.goto(f"{editor.url}/desk/articles/{article['id']}/schedule")
        await page.get_by_label("Publish at").fill("2031-02-08T21:05")
        await expect(page.get_by_text("9 Feb 2031, 03:05 your time")).to_be_visible()
        await expect(page.get_by_text("Time in Riyadh")).to_be_visible()
        await page.get_by_role("button", name="Schedule for 8 Feb 2031, 21:05").click()
        await page.wait_for_url("**?done=schedule")

        await page.goto(f"{editor.url}/desk?q={article['headline']}")
        row = page.locator("#articles > li")
        await expect(row).to_contain_text("Scheduled for 8 Feb 2031, 21:05")
        await expect(row).to_contain_text("9 Feb 2031, 03:05 your time")
        await page.goto(f"{editor.url}/desk/calendar?view=week&date=2031-02-08")
        cell = page.get_by_role("cell").filter(has=page.get_by_role("link", name=str(article["headline"]), exact=True))
        await expect(cell).to_contain_text("Saturday 8 February 2031")
        await expect(cell).to_contain_text("21:05")

    assert (await editor.article(article))["scheduled_for"] == "2031-02-08T18:05:00.000Z"


async def test_acts_work_without_javascript(editor: DeskClient, browser: Browser) -> None:
    article = await editor.ingestion.create(headline=f"w{uuid4().hex[:8]}")
    path = f"{editor.url}/desk/articles/{article['id']}"
    later = local_text(now() + timedelta(days=3), RIYADH)
    async with page_of(editor, browser, java_script_enabled=False, viewport={"width": 360, "height": 740}) as page:
        await page.goto(f"{path}/schedule")
        await page.get_by_label("Publish at").fill(later)
        await page.get_by_role("button", name="Schedule for").click()
        await page.goto(f"{path}/unschedule")
        await page.get_by_role("button", name="Unschedule article").click()
        await page.goto(f"{path}/publish")
        await page.get_by_role("button", name="Publish now").click()
        await page.goto(f"{path}/correct")
        await page.get_by_label("Note").fill("It was wrong.")
        await page.get_by_role("button", name="Publish correction").click()
        await page.goto(f"{path}/withdraw")
        await page.get_by_label("Reason").fill("It was all wrong.")
        await page.get_by_role("button", name="Withdraw article").click()
        await page.goto(f"{path}/revisions")
        await page.get_by_role("button", name="Restore").last.click()
        await page.get_by_role("button", name="Restore this version").click()

    found = await editor.article(article)
    assert (found["status"], found["scheduled_for"], found["version"]) == ("withdrawn", None, 7)


async def test_draft_dropped_onto_a_day_asks_for_the_time_and_publishes_nothing(
    editor: DeskClient, browser: Browser
) -> None:
    article = await editor.ingestion.create(headline=f"w{uuid4().hex[:8]}")
    async with page_of(editor, browser) as page:
        await page.goto(f"{editor.url}/desk/calendar?date=2031-02-08")
        draft = page.locator(f'li[data-id="{article["id"]}"]')
        await draft.drag_to(page.locator('td[data-day="2031-02-12"]'))
        await page.wait_for_url("**/schedule?at=*")
        await expect(page.get_by_label("Publish at")).to_have_value("2031-02-12T09:00")

    assert (await editor.article(article))["scheduled_for"] is None


# Axe in full in light colours, for contrast alone in dark ones: only colours differ between them.
LIGHT: Mapping[str, object] | None = None
DARK: Mapping[str, object] | None = CONTRAST


@pytest.mark.parametrize(
    ("language", "width", "colours"),
    [
        pytest.param("ar", 360, LIGHT, id="arabic-phone-light"),
        pytest.param("en", 1280, DARK, id="desktop-dark", marks=pytest.mark.long),
        pytest.param("en", 1280, LIGHT, id="desktop-light", marks=pytest.mark.long),
        pytest.param("en", 360, LIGHT, id="phone-light", marks=pytest.mark.long),
        pytest.param("ar", 1280, DARK, id="arabic-desktop-dark", marks=pytest.mark.long),
    ],
)
async def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    desk: DeskClient, browser: Browser, language: str, width: int, colours: Mapping[str, object] | None
) -> None:
    person = await desk.as_role("editor", language=language)
    found: list[str] = []
    async with page_of(person, browser, viewport={"width": width, "height": 800}, bypass_csp=True, timezone_id="Asia/Tokyo",
                       color_scheme="dark" if colours is DARK else "light", reduced_motion="reduce") as page:  # fmt: skip
        for path in await _every_page(person):
            await page.goto(person.url + path)
            found += [f"{path}: {fault}" for fault in await _faults(page, colours)]
            if language == "ar" and colours is LIGHT:
                await page.emulate_media(color_scheme="dark")
                found += [f"{path}, dark: {fault}" for fault in await violations(page, CONTRAST)]
                await page.emulate_media(color_scheme="light")

    assert found == []


@pytest.mark.long
async def test_nu_html_checker_finds_nothing(desk: DeskClient, tmp_path: Path) -> None:
    english, arabic = await desk.as_role("editor"), await desk.as_role("editor", language="ar")
    paths = await _every_page(english)
    for person, name in ((english, "en"), (arabic, "ar")):
        for number, path in enumerate(paths):
            wanted = 422 if "gossip" in path else 200
            (tmp_path / f"{name}-{number}.html").write_text((await person.get(path, wanted=wanted)).text)

    assert await asyncio.to_thread(nu_findings, sorted(tmp_path.glob("*.html"))) == ""


async def _every_page(person: DeskClient) -> Sequence[str]:
    """The addresses of all kinds of these pages, with something to see on each."""
    ingestion = person.ingestion
    article = await ingestion.create(headline=LONG, body_markdown=BODY, bylines=["Ines Halloran"], tags=["Harbours"])
    article = await ingestion.edit(article, headline=LONG, body_markdown=BODY.replace("tide", "rain"), section="sports")
    arabic = await ingestion.create(headline="مصباح الرأس", language="ar")
    later = local_text(now() + timedelta(days=1), RIYADH)
    await ingestion.act(arabic, "schedule", {"publish_at": f"{later}:00Z"})
    path = f"/desk/articles/{article['id']}"
    await person.get(f"{path}/compare?from=1&to=2")
    return (
        "/desk", "/desk?tag=Harbours", "/desk?section=gossip", "/desk?q=nothing+at+all",
        "/desk/calendar", "/desk/calendar?view=week", "/desk/calendar?view=list", "/desk/calendar?date=1990-01-01",
        f"{path}/revisions", f"{path}/compare?from=1&to=2", f"{path}/compare?from=1&to=2&view=raw",
        f"{path}/publish?version=1", f"{path}/correct", f"{path}/schedule?at={later}",
        f"/desk/articles/{arabic['id']}/embargo", f"/desk/articles/{arabic['id']}/publish",
    )  # fmt: skip


async def _faults(page: Page, colours: Mapping[str, object] | None) -> Sequence[str]:
    """What axe finds, and the width that does not fit."""
    found = await violations(page, colours)
    too_wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, *([f"{too_wide} px too wide"] if too_wide > 0 else [])]
