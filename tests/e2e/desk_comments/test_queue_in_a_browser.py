"""The moderators' queue in a browser: keys, focus, nothing that moves, undo, two moderators at once, new comments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browsing import DESKTOP, open_page
from tests.support.comment_desk import CommentDesk
from tests.support.comments import written
from tests.support.desk import DeskClient
from tests.support.script_corpus import TEXTS, WEBSITES

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def queue_of(
    person: DeskClient, browser: Browser, word: str, path: str = "?q={word}", **context: Any
) -> AsyncIterator[Page]:
    """A person's queue with the comments that have a word; fails on errors of its scripts."""
    problems: list[str] = []
    async with open_page(browser, problems, **{"viewport": DESKTOP, **context}) as page:
        await person.enter(page.context)
        await page.goto(f"{person.url}/desk/comments{path.format(word=word)}")
        yield page
    assert [problem for problem in problems if "Failed to load resource" not in problem] == []


def a_word() -> str:
    """A word that no other comment has."""
    return f"w{uuid4().hex[:10]}"


async def focused(page: Page) -> str:
    """The id of the row that has the focus, or in which the focus is."""
    return str(await page.evaluate("document.activeElement.closest('.comment')?.dataset.id"))


async def top_of(page: Page, comment_id: object) -> float:
    """The distance of a row from the top of the page."""
    return float(
        await page.evaluate(
            f"document.getElementById('c-{comment_id}').getBoundingClientRect().top + document.scrollingElement.scrollTop"
        )
    )


async def test_keys_decide_and_move_on_and_no_row_moves(
    comment_desk: CommentDesk, moderator: DeskClient, browser: Browser
) -> None:
    word = a_word()
    made = [str(one["id"]) for one in await comment_desk.waiting(*(f"{word} {number}" for number in range(4)))]
    async with queue_of(moderator, browser, word) as page:
        places = [await top_of(page, one) for one in made]
        await page.keyboard.press("a")
        assert await focused(page) == made[0], "without a row in focus a key decides nothing"
        for key, state in (("a", "Approved"), ("r", "Rejected"), ("s", "Marked as spam")):
            row = page.locator(f"#c-{await focused(page)}")
            await page.keyboard.press(key)
            await expect(row.locator(".outcome")).to_contain_text(state)
        assert await focused(page) == made[3]
        assert [await top_of(page, one) for one in made] == places

        await page.keyboard.press("u")
        await expect(page.locator(f"#c-{made[2]}")).to_be_focused()
        await expect(page.locator(f"#c-{made[2]}").get_by_role("button", name="Approve")).to_be_visible()
        await page.keyboard.press("k")
        assert await focused(page) == made[1]

    states = await comment_desk.states(made)
    assert states == ["published", "rejected", "pending", "pending"]


async def test_row_that_a_colleague_decided_is_shown_and_not_decided(
    comment_desk: CommentDesk, moderator: DeskClient, browser: Browser
) -> None:
    word, colleague = a_word(), await comment_desk.desk.as_role("moderator", name="Omar Said")
    first, second = [str(one["id"]) for one in await comment_desk.waiting(f"{word} 1", f"{word} 2")]
    async with queue_of(moderator, browser, word) as mine, queue_of(colleague, browser, word) as theirs:
        await theirs.locator(f"#c-{first}").get_by_role("button", name="Approve").click()
        await expect(theirs.locator(f"#c-{first}")).to_contain_text("Approved")
        await expect(theirs.locator(f"#c-{first}").get_by_role("button", name="Undo")).to_be_focused()

        await mine.keyboard.press("j")
        await mine.keyboard.press("d")
        row = mine.locator(f"#c-{first}")
        await expect(row).to_contain_text("Nothing was decided")
        await expect(row).to_contain_text("Approved · Omar Said")
        assert await focused(mine) == second

    assert await comment_desk.states([first, second]) == ["published", "pending"]


async def test_selected_comments_are_decided_at_once_and_taken_back(
    comment_desk: CommentDesk, moderator: DeskClient, browser: Browser
) -> None:
    word = a_word()
    made = [str(one["id"]) for one in await comment_desk.waiting(*(f"{word} {number}" for number in range(3)))]
    async with queue_of(moderator, browser, word) as page:
        await expect(page.get_by_role("button", name="Reject selected")).to_be_hidden()
        await page.keyboard.press("j")
        await page.keyboard.press("x")
        await expect(page.get_by_text("1 selected")).to_be_visible()
        await page.get_by_label("Select all on this page").check()
        await page.locator(f"#c-{made[1]} .pick").uncheck()
        await page.get_by_label("Reason").fill("Both the same.")
        await page.get_by_role("button", name="Reject selected").click()
        await expect(page.locator(".comment.done")).to_have_count(2)
        assert await comment_desk.states(made) == ["rejected", "pending", "rejected"]
        await page.locator(f"#c-{made[2]}").get_by_role("button", name="Undo").click()
        await expect(page.locator(".comment.done")).to_have_count(0)

    assert await comment_desk.states(made) == ["pending"] * 3


async def test_new_comments_wait_behind_a_button(
    comment_desk: CommentDesk, moderator: DeskClient, browser: Browser
) -> None:
    word = a_word()
    (first,) = [str(one["id"]) for one in await comment_desk.waiting(f"{word} 1")]
    async with queue_of(moderator, browser, word) as page:
        await page.keyboard.press("j")
        place = await top_of(page, first)
        (late,) = [str(one["id"]) for one in await comment_desk.waiting(f"{word} 2")]
        new = page.get_by_role("button", name="1 new")
        await expect(new).to_be_visible()
        assert (await page.locator(".comment").count(), await focused(page), await top_of(page, first)) == (
            1,
            first,
            place,
        )
        await new.click()
        await expect(page.locator(f"#c-{late}")).to_be_focused()
        await expect(new).to_be_hidden()


async def test_keys_rest_while_a_field_has_the_focus_and_the_help_returns_it(
    comment_desk: CommentDesk, moderator: DeskClient, browser: Browser
) -> None:
    word = a_word()
    made = [str(one["id"]) for one in await comment_desk.waiting(f"{word} 1")]
    async with queue_of(moderator, browser, word) as page:
        await page.keyboard.press("j")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await page.keyboard.press("a")
        await page.keyboard.press("Escape")
        await expect(page.locator(f"#c-{made[0]}")).to_be_focused()
        await page.keyboard.press("/")
        await page.keyboard.type("arsu")
        await expect(page.get_by_label("Search words")).to_have_value("arsu")

    assert await comment_desk.states(made) == ["pending"]


@pytest.mark.parametrize("without_policy", [False, True], ids=["with-csp", "without-csp"])
async def test_nothing_that_readers_write_runs_for_the_moderator(
    comment_desk: CommentDesk, moderator: DeskClient, browser: Browser, without_policy: bool
) -> None:
    word = a_word()
    article = await comment_desk.comments.publish_article(headline=f"{TEXTS[3]} {word}")
    made: list[str] = []
    for number, attack in enumerate(TEXTS):
        sent = written(name=attack[:80], body=f"{word} {attack}", website=WEBSITES[number % len(WEBSITES)])
        for fields in (sent, {**sent, "website": None}, {**sent, "website": None, "name": "Mallory"}):
            answer = await comment_desk.comments.client.post(f"/v1/articles/{article.id}/comments", json=fields)
            if answer.status == 201:
                made.append(str((await answer.json())["id"]))
                break
    assert len(made) == len(TEXTS)
    async with queue_of(moderator, browser, word, bypass_csp=without_policy) as page:
        await page.get_by_label("Reason").evaluate("(field, text) => { field.value = text; }", TEXTS[0])
        await page.locator(f"#c-{made[0]} .pick").check()
        await page.get_by_role("button", name="Mark selected as spam").click()
        await expect(page.locator(".comment.done")).to_have_count(1)
        await page.locator(f"#c-{made[0]}").get_by_role("button", name="Undo").click()
        await expect(page.locator(".comment.done")).to_have_count(0)
        found = [await page.evaluate("window.ran || false")]
        for path in (f"/{made[0]}", f"/{made[1]}", "/decisions", "/bans"):
            await page.goto(f"{moderator.url}/desk/comments{path}")
            found.append(
                await page.evaluate("window.ran || document.querySelectorAll('main :is(iframe, svg, math)').length > 0")
            )

    assert found == [False] * len(found)
