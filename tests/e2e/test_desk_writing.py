"""Writing in the desk's editor: toolbar, shortcuts, undo, pasting, hints. In a browser, on pages without a platform."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.support.browsing import DESKTOP, open_page
from tests.support.desk_pages import EditorPages, editor_pages

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIPBOARDS = Path(__file__).parents[1] / "support" / "clipboards"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages() -> AsyncIterator[EditorPages]:
    """Editor pages."""
    async with editor_pages() as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def editor(pages: EditorPages, browser: Browser) -> AsyncIterator[Page]:
    """An editor with an empty text. A script's error fails the test."""
    problems: list[str] = []
    permissions = ["clipboard-read", "clipboard-write"]
    async with open_page(browser, problems, viewport=DESKTOP, permissions=permissions) as page:
        await page.goto(pages.address())
        yield page
    assert problems == []


async def write(page: Page, text: str) -> None:
    """Type into the empty body."""
    await page.get_by_label("Body").click()
    await page.keyboard.type(text)


async def select(page: Page, words: str) -> None:
    """Select words of the body."""
    await page.get_by_label("Body").evaluate(
        "(field, words) => { field.focus(); const at = field.value.indexOf(words);"
        " field.setSelectionRange(at, at + words.length); }",
        words,
    )


async def paste(page: Page, html: str, plain: str = "", key: str = "Control+V") -> None:
    """Put both forms on the clipboard and press the keys."""
    await page.evaluate(
        "([html, plain]) => navigator.clipboard.write([new ClipboardItem({"
        "'text/html': new Blob([html], { type: 'text/html' }), 'text/plain': new Blob([plain], { type: 'text/plain' }) })])",
        [html, plain],
    )
    await page.get_by_label("Body").focus()
    await page.keyboard.press(key)


@pytest.mark.parametrize("program", ["word", "google_docs", "libreoffice"])
async def test_clipboard_of_a_word_processor_becomes_markdown(editor: Page, program: str) -> None:
    html = (CLIPBOARDS / f"{program}.html").read_text("utf-8")

    found = await editor.evaluate("(html) => desk.markdownOf(html)", html)

    assert found == (CLIPBOARDS / f"{program}.md").read_text("utf-8").rstrip("\n")


async def test_pasted_text_with_marks_becomes_markdown_and_undo_takes_it_back(editor: Page) -> None:
    body = editor.get_by_label("Body")
    await write(editor, "Before ")

    await paste(editor, "<p>They rise in <b>March</b>.</p>", "They rise in March.")
    await expect(body).to_have_value("Before They rise in **March**.")

    await editor.keyboard.press("Control+Z")
    await expect(body).to_have_value("Before ")


async def test_paste_without_formatting_stays_plain(editor: Page) -> None:
    await paste(editor, "<p>They rise in <b>March</b>.</p>", "They rise in March.", key="Control+Shift+V")

    await expect(editor.get_by_label("Body")).to_have_value("They rise in March.")


async def test_address_pasted_over_words_becomes_a_link(editor: Page) -> None:
    await write(editor, "See the timetable today")
    await select(editor, "the timetable")

    await paste(editor, "https://ferries.example/times", "https://ferries.example/times")

    await expect(editor.get_by_label("Body")).to_have_value("See [the timetable](https://ferries.example/times) today")


async def test_every_step_is_undone_by_itself(editor: Page) -> None:
    body = editor.get_by_label("Body")
    await write(editor, "Fares rise in March")
    for _ in range(6):
        await editor.keyboard.press("Backspace")
    await select(editor, "rise")
    await editor.get_by_role("button", name="Bold").click()
    await expect(body).to_have_value("Fares **rise** in")
    await editor.get_by_role("button", name="Picture").click()
    await editor.get_by_label("What it shows (alt text)").fill("A ferry")
    await editor.get_by_role("textbox", name="Address", exact=True).fill("https://x.example/a.jpg")
    await editor.get_by_role("button", name="Insert").click()
    await expect(body).to_have_value(re.compile(r"!\[A ferry\]\(https://x\.example/a\.jpg\)"))

    seen = []
    for _ in range(4):
        await editor.keyboard.press("Control+Z")
        seen.append(await body.input_value())

    assert seen == ["Fares **rise** in", "Fares rise in", "Fares rise in March", ""]
