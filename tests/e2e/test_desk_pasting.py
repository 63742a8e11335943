"""Pasting into the desk's editor: clipboards of word processors become Markdown, and undo takes a paste back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.ingestion.articles.markdown import render
from tests.support.desk_pages import EditorPages, editor_pages, open_editor, select, write

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIPBOARDS = Path(__file__).parents[1] / "support" / "clipboards"
SENTENCE = "<p>They rise in <b>March</b>.</p>"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages() -> AsyncIterator[EditorPages]:
    """Editor pages."""
    async with editor_pages() as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def page(pages: EditorPages, browser: Browser) -> AsyncIterator[Page]:
    """An editor with an empty text."""
    async with open_editor(browser, pages) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def converter(pages: EditorPages, browser: Browser) -> AsyncIterator[Page]:
    """An editor's page for tests that only call the converter, which changes nothing on it."""
    async with open_editor(browser, pages) as opened:
        yield opened


async def paste(page: Page, html: str, plain: str = "They rise in March.", keys: str = "Control+V") -> None:
    """Put both forms on the clipboard and press the keys."""
    await page.evaluate(
        "([html, plain]) => navigator.clipboard.write([new ClipboardItem({"
        "'text/html': new Blob([html], { type: 'text/html' }), 'text/plain': new Blob([plain], { type: 'text/plain' }) })])",
        [html, plain],
    )
    await page.get_by_label("Body").focus()
    await page.keyboard.press(keys)


async def markdown_of(page: Page, html: str) -> str:
    """The converter's Markdown."""
    return str(await page.evaluate("(html) => desk.markdownOf(html)", html))


@pytest.mark.parametrize("program", ["word", "google_docs", "libreoffice"])
async def test_clipboard_of_a_word_processor_becomes_markdown(converter: Page, program: str) -> None:
    html = (CLIPBOARDS / f"{program}.html").read_text("utf-8")

    assert await markdown_of(converter, html) == (CLIPBOARDS / f"{program}.md").read_text("utf-8").rstrip("\n")


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        pytest.param("<p>a <b> b </b>c<i></i><b> </b></p>", "a **b** c", id="no empty marks"),
        pytest.param("<b>a</b><b>b <i>c</i></b>", "**ab *c***", id="neighbours are joined"),
        pytest.param("<p><b>a:</b>b, c<i>«d»</i></p>", "**a**:b, c«*d»*", id="punctuation leaves a mark before a letter"),
        pytest.param("<h1>A</h1><h3><b>B</b></h3>", "## A\n\n#### B", id="the highest heading is level 2"),
        pytest.param("<h4>A</h4><p></p><h4></h4>", "## A", id="no empty headings"),
        pytest.param("<p>*a* _b_ [c](d) `e` ~~f~~</p>", "\\*a\\* \\_b\\_ \\[c](d) \\`e\\` \\~~f\\~~", id="marks in words"),
        pytest.param("<p># a</p><p>- b</p><p>1. c</p><p>+ d</p>", "\\# a\n\n\\- b\n\n1\\. c\n\n\\+ d", id="line starts"),
        pytest.param("<p>2 * 3, a_b, C#</p>", "2 * 3, a_b, C#", id="no needless escapes"),
        pytest.param("at https://x.example/_a*b_ .", "at https://x.example/_a*b_ .", id="address in words"),
        pytest.param('<a href="https://x.example/a b(c)">l[i]nk</a>', "[l\\[i\\]nk](https://x.example/a%20b%28c%29)", id="link"),
        pytest.param('<a href="javascript:alert(1)">a</a> <a href="#b">b</a> <a href="/c">c</a>', "a b c", id="other links"),
        pytest.param("<p>a<br>b<br><br>c<br></p>", "a\\\nb\n\nc", id="breaks"),
        pytest.param("<ol start=9><li>a<li>b</ol>", "9. a\n10. b", id="numbers"),
        pytest.param("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "- a\n\n  b\n\n- c", id="paragraphs in an item"),
        pytest.param("<ul><li>a</li><li><ul><li>b</li></ul></li></ul>", "- a\n  - b", id="a list in an empty item"),
        pytest.param("<blockquote><p>a</p><ul><li>b</li></ul></blockquote>", "> a\n>\n> - b", id="quote"),
        pytest.param("<table><tr><td>a</td></tr></table>", "a", id="a table of one cell is its text"),
        pytest.param(
            "<table><tr><td colspan=2>a|b<tr><td>c<td><p>d</p><p>e</p></table>",
            "| a\\|b |  |\n| --- | --- |\n| c | d e |",
            id="table",
        ),
        pytest.param("<script>x</script><style>y</style><p hidden style='display:none'>z</p><!-- w -->", "", id="nothing"),
        pytest.param('<p dir="rtl">BBC قالت</p><p dir="rtl">قالت BBC</p>', "\u200fBBC قالت\n\nقالت BBC", id="direction"),
        pytest.param("<p>10&nbsp;km, a&nbsp; b, «&nbsp;c&nbsp;»</p>", "10\u00a0km, a b, «\u00a0c\u00a0»", id="spaces"),
        pytest.param("<div>a</div><div><span style='font-weight:bold'>b</span></div>", "a\n\n**b**", id="mail"),
    ],
)  # fmt: skip
async def test_html_becomes_clean_markdown(converter: Page, html: str, markdown: str) -> None:
    assert await markdown_of(converter, html) == markdown


async def test_converted_marks_are_marks_for_the_renderer(converter: Page) -> None:
    html = "<p><b>a:</b>b <i>«c»</i>d <b><i>e</i> f</b><s>g</s></p><p>1. h</p><ol><li>i<ol><li>j</li></ol></li></ol>"

    shown = render(await markdown_of(converter, html))

    assert "*" not in shown.replace("~", "*")
    assert [shown.count(f"<{tag}>") for tag in ("strong", "em", "s", "ol", "li")] == [2, 2, 1, 2, 2]


async def test_pasted_text_with_marks_becomes_markdown_and_undo_takes_it_back(page: Page) -> None:
    body = page.get_by_label("Body")
    await write(page, "Before ")

    await paste(page, SENTENCE)
    await expect(body).to_have_value("Before They rise in **March**.")

    await page.keyboard.press("Control+Z")
    await expect(body).to_have_value("Before ")


async def test_pasted_paragraphs_get_blank_lines_and_replace_the_selection(page: Page) -> None:
    await write(page, "One. Two. Three.")
    await select(page, "Two.")

    await paste(page, "<h2>A</h2><p>b</p>")
    await expect(page.get_by_label("Body")).to_have_value("One. \n\n## A\n\nb\n\n Three.")

    await page.keyboard.press("Control+Z")
    await expect(page.get_by_label("Body")).to_have_value("One. Two. Three.")


async def test_paste_without_formatting_stays_plain(page: Page) -> None:
    await paste(page, SENTENCE, keys="Control+Shift+V")

    await expect(page.get_by_label("Body")).to_have_value("They rise in March.")


async def test_coloured_code_of_an_editor_stays_as_it_was_typed(page: Page) -> None:
    await paste(
        page, '<div><span class="mtk1">**bold** and</span><br><span># head</span></div>', "**bold** and\n# head"
    )

    await expect(page.get_by_label("Body")).to_have_value("**bold** and\n# head")


async def test_address_pasted_over_words_becomes_a_link(page: Page) -> None:
    await write(page, "See the timetable today")
    await select(page, "the timetable")

    await paste(page, "https://ferries.example/times", "https://ferries.example/times")

    await expect(page.get_by_label("Body")).to_have_value("See [the timetable](https://ferries.example/times) today")
