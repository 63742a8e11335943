"""The moderators' pages in axe, on phones and desktops, light and dark; and without JavaScript."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.axe import CONTRAST, violations
from tests.support.browsing import open_page
from tests.support.comment_desk import CommentDesk
from tests.support.desk import DeskClient
from tests.support.nu_checker import nu_findings

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Axe in full in light colours, for contrast alone in dark ones: only colours differ between them.
LIGHT: Mapping[str, object] | None = None
DARK: Mapping[str, object] | None = CONTRAST
ARABIC = "هذا تعليق عن الميناء والعبّارات التي تنتظر المدّ."
STACKED = "Z" + "\u0301\u0316" * 14 + "a" + "\u0301\u0316" * 14


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
    comment_desk: CommentDesk, browser: Browser, language: str, width: int, colours: Mapping[str, object] | None
) -> None:
    person = await comment_desk.desk.as_role("admin", language=language)
    found: list[str] = []
    problems: list[str] = []
    async with open_page(browser, problems, viewport={"width": width, "height": 800}, bypass_csp=True,
                         color_scheme="dark" if colours is DARK else "light", reduced_motion="reduce") as page:  # fmt: skip
        await person.enter(page.context)
        for path in await _every_page(comment_desk, person):
            await page.goto(person.url + path)
            found += [f"{path}: {fault}" for fault in await _faults(page, colours)]
            if "?q=w" in path:
                await page.keyboard.press("j")
                await page.keyboard.press("a")
                await page.keyboard.press("x")
                await expect(page.locator(".comment.done")).to_have_count(1)
                found += [f"{path}, decided: {fault}" for fault in await _faults(page, colours)]
            if language == "ar" and colours is LIGHT:
                await page.emulate_media(color_scheme="dark")
                found += [f"{path}, dark: {fault}" for fault in await violations(page, CONTRAST)]
                await page.emulate_media(color_scheme="light")

    assert found == []


async def test_comment_is_approved_and_taken_back_without_javascript(
    comment_desk: CommentDesk, moderator: DeskClient, browser: Browser
) -> None:
    word = f"w{uuid4().hex[:10]}"
    (made,) = [str(one["id"]) for one in await comment_desk.waiting(word)]
    async with open_page(browser, [], java_script_enabled=False, viewport={"width": 360, "height": 740}) as page:
        await moderator.enter(page.context)
        await page.goto(f"{moderator.url}/desk/comments?q={word}")
        await page.get_by_role("button", name="Approve", exact=True).click()
        await expect(page.get_by_text("1 comment approved.")).to_be_visible()
        assert await comment_desk.states([made]) == ["published"]
        await page.get_by_role("button", name="Undo").click()
        await page.get_by_label("Select", exact=True).check()
        await page.get_by_label("Reason").fill("Off the quay.")
        await page.get_by_role("button", name="Remove selected").click()
        await expect(page.get_by_text("1 comment removed.")).to_be_visible()

    assert await comment_desk.states([made]) == ["removed"]


@pytest.mark.long
async def test_nu_html_checker_finds_nothing(comment_desk: CommentDesk, tmp_path: Path) -> None:
    english = await comment_desk.desk.as_role("admin")
    arabic = await comment_desk.desk.as_role("admin", language="ar")
    paths = await _every_page(comment_desk, english)
    for person, name in ((english, "en"), (arabic, "ar")):
        for number, path in enumerate(paths):
            (tmp_path / f"{name}-{number}.html").write_text((await person.get(path)).text)

    assert await asyncio.to_thread(nu_findings, sorted(tmp_path.glob("*.html"))) == ""


async def _every_page(comment_desk: CommentDesk, person: DeskClient) -> Sequence[str]:
    """The addresses of all these pages, with something to see on each."""
    word = f"w{uuid4().hex[:10]}"
    await comment_desk.change_settings(suspect_words=[word])
    long = f"{word} The ferry was late again, and nobody told us why. " * 30
    email = f"{word}@reader.example"
    made = await comment_desk.waiting(long, f"{word} {ARABIC}", f"{word} {STACKED}", f"{word} last", email=email)
    await comment_desk.change_settings(suspect_words=[])
    await person.post("/desk/comments/decide", {f"pick-{made[3]['id']}": "1", "action": "spam", "reason": "The same."})
    await person.post("/desk/comments/bans", {"whom": email, "kind": "mute", "days": "7", "reason": "Again and again."})
    queue = "/desk/comments"
    return (
        f"{queue}?q={word}", f"{queue}?queue=reported", f"{queue}?q=nothing-at-all", f"{queue}/{made[0]['id']}",
        f"{queue}/{made[3]['id']}", f"{queue}/bans", f"{queue}/decisions", f"{queue}/settings", f"{queue}/people-data",
        f"{queue}/articles/{made[0]['article_id']}",
    )  # fmt: skip


async def _faults(page: Page, colours: Mapping[str, object] | None) -> Sequence[str]:
    """The findings of axe, and a page wider than the screen."""
    found = await violations(page, colours)
    too_wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, *([f"{too_wide} px too wide"] if too_wide > 0 else [])]
