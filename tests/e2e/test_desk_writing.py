"""Writing in the desk's editor: toolbar, shortcuts, undo, hints, phones, speed. In a browser, on pages without a platform."""

import re
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Page, ViewportSize, expect

from tests.support.axe import CONTRAST, violations
from tests.support.browsing import DESKTOP
from tests.support.desk_pages import EditorPages, editor_pages, open_editor, select, write

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL_PHONE: ViewportSize = {"width": 360, "height": 740}
# What a phone's keyboard leaves of it; the page's viewport is resized (`interactive-widget=resizes-content`).
WITH_KEYBOARD: ViewportSize = {"width": 360, "height": 330}
_WORDS = (
    "the ferry to Mombasa leaves at nine and its fares rise in March because fuel costs more than it did said a captain"
)
LONG = "\n\n".join([" ".join([_WORDS] * 3)] * 145)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages() -> AsyncIterator[EditorPages]:
    """Editor pages, with a text of 10,000 words."""
    async with editor_pages({"long": LONG}) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def page(pages: EditorPages, browser: Browser) -> AsyncIterator[Page]:
    """An editor with an empty text."""
    async with open_editor(browser, pages) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def untouched(pages: EditorPages, browser: Browser) -> AsyncIterator[Page]:
    """An editor for tests that change nothing on the page."""
    async with open_editor(browser, pages) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "text", "selected", "after"),
    [
        ("bold", "a b c", "b", "a **b** c"),
        ("bold", "a **b** c", "b", "a b c"),
        ("bold", "a b  c", "b ", "a **b**  c"),
        ("bold", "- a\n- b", "- a\n- b", "- **a**\n- **b**"),
        ("italic", "a b c", "b", "a *b* c"),
        ("italic", "a **b** c", "b", "a ***b*** c"),
        ("italic", "a ***b*** c", "b", "a **b** c"),
        ("bold", "قالت النقابة إن", "النقابة", "قالت **النقابة** إن"),
        ("heading", "a", "", "## a"),
        ("heading", "## a", "", "### a"),
        ("heading", "### a", "", "a"),
        ("list", "a\nb", "a\nb", "- a\n- b"),
        ("list", "- a\n- b", "- a\n- b", "a\nb"),
        ("numbered", "- a\n\n- b", "- a\n\n- b", "1. a\n\n2. b"),
        ("quote", "a\nb", "a\nb", "> a\n> b"),
    ],
)
async def test_mark_of_the_toolbar_is_set_and_taken_away(
    untouched: Page, name: str, text: str, selected: str, after: str
) -> None:
    found = await untouched.evaluate(
        "([name, text, selected]) => { const at = text.indexOf(selected);"
        " const change = desk.marks[name](text, at, at + selected.length);"
        " return text.slice(0, change.start) + change.text + text.slice(change.end); }",
        [name, text, selected],
    )

    assert found == after


async def test_every_step_is_undone_by_itself(page: Page) -> None:
    body = page.get_by_label("Body")
    await write(page, "Fares rise in March")
    for _ in range(6):
        await page.keyboard.press("Backspace")
    await select(page, "rise")
    await page.get_by_role("button", name="Bold").click()
    await expect(body).to_have_value("Fares **rise** in")
    await page.get_by_role("button", name="Picture").click()
    await page.get_by_label("What it shows (alt text)").fill("A ferry")
    await page.get_by_role("textbox", name="Address", exact=True).fill("https://x.example/a.jpg")
    await page.get_by_role("button", name="Insert").click()
    await expect(body).to_have_value(re.compile(r"!\[A ferry\]\(https://x\.example/a\.jpg\)"))

    seen = []
    for _ in range(4):
        await page.keyboard.press("Control+Z")
        seen.append(await body.input_value())

    assert seen == ["Fares **rise** in", "Fares rise in", "Fares rise in March", ""]


async def test_shortcuts_work_by_the_place_of_the_key(page: Page) -> None:
    body = page.get_by_label("Body")
    await write(page, "Fares rise")
    await select(page, "rise")
    await page.keyboard.press("Control+B")
    await expect(body).to_have_value("Fares **rise**")
    await page.keyboard.press("Control+I")
    await expect(body).to_have_value("Fares ***rise***")

    # An Arabic keyboard types another letter with the same key.
    await body.dispatch_event("keydown", {"key": "لا", "code": "KeyB", "ctrlKey": True, "bubbles": True})
    await expect(body).to_have_value("Fares *rise*")


async def test_link_is_asked_for_and_focus_returns_to_the_text(page: Page) -> None:
    await write(page, "Fares rise")
    await select(page, "rise")
    await page.keyboard.press("Control+K")
    await expect(page.get_by_label("Words to show")).to_have_value("rise")
    await page.get_by_role("textbox", name="Address", exact=True).fill("https://x.example/a(b)")
    await page.keyboard.press("Enter")

    await expect(page.get_by_label("Body")).to_have_value("Fares [rise](https://x.example/a%28b%29)")
    await expect(page.get_by_label("Body")).to_be_focused()

    await page.keyboard.press("Control+K")
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Body")).to_be_focused()


async def test_list_goes_on_at_enter_and_ends_at_an_empty_item(page: Page) -> None:
    await write(page, "1. one")
    await page.keyboard.press("Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await page.keyboard.type("end")

    await expect(page.get_by_label("Body")).to_have_value("1. one\n2. two\nend")


@pytest.mark.parametrize(
    ("language", "forward", "last"), [("en", "ArrowRight", "Picture"), ("ar", "ArrowLeft", "صورة")]
)
async def test_toolbar_is_one_stop_of_the_tab_key_and_arrows_move_in_it(
    pages: EditorPages, browser: Browser, language: str, forward: str, last: str
) -> None:
    async with open_editor(browser, pages, {"language": language}) as page:
        await page.locator("#body_markdown").focus()
        await page.keyboard.press("Shift+Tab")
        names = [await page.evaluate("document.activeElement.getAttribute('aria-label')")]
        for _ in range(7):
            await page.keyboard.press(forward)
            names.append(await page.evaluate("document.activeElement.getAttribute('aria-label')"))
        stops = await page.locator("#toolbar button[tabindex='0']").count()
        await page.keyboard.press("Home")
        await page.keyboard.press("Enter")
        await page.keyboard.type("x")

        assert (len(set(names)), names[-1], stops) == (8, last, 1)
        assert await page.locator("#body_markdown").input_value() == "**x**"


async def test_tab_key_leaves_the_text(page: Page) -> None:
    await write(page, "text")
    await page.keyboard.press("Tab")

    await expect(page.get_by_label("Body")).not_to_be_focused()
    await expect(page.get_by_label("Body")).to_have_value("text")


async def test_hints_follow_what_is_written(page: Page) -> None:
    await page.get_by_label("Headline").fill("x" * 71)
    await expect(page.locator("#headline-count")).to_have_text("71 characters.")
    await expect(page.locator("#headline-length")).to_contain_text("about 70 characters")
    await page.get_by_label("Headline").fill("x" * 111)
    await expect(page.locator("#headline-length")).to_contain_text("More than 110 characters")
    await write(page, "Fares **rise** in [March](https://x.example/a-long-address), she said")

    await expect(page.locator("#body-count")).to_have_text("6 words · 1 minute to read")


async def test_slug_of_a_published_article_says_where_it_leads(pages: EditorPages, browser: Browser) -> None:
    async with open_editor(browser, pages, {"url": "/world/ferry-fares", "status": "published"}) as page:
        await page.get_by_label("Slug").fill("fares-rise")

        text = (await page.locator("#slug-address").inner_text()).replace("\u2066", "").replace("\u2069", "")
        assert text == "New address: /world/fares-rise. /world/ferry-fares leads there."


async def test_direction_follows_the_language_until_something_is_written(page: Page) -> None:
    body = page.get_by_label("Body")
    await page.get_by_label("Language").select_option("ar")
    await expect(body).to_have_attribute("dir", "rtl")
    await write(page, "Fares")

    await expect(body).to_have_attribute("dir", "auto")
    assert await body.evaluate("(field) => field.matches(':dir(ltr)')")


async def test_headline_stays_one_line(page: Page) -> None:
    await page.get_by_label("Headline").fill("Fares rise")
    await page.get_by_label("Headline").press("Enter")

    await expect(page.get_by_label("Headline")).to_have_value("Fares rise")


async def test_all_fields_are_there_and_sent_without_script(pages: EditorPages, browser: Browser) -> None:
    async with open_editor(browser, pages, java_script_enabled=False) as page:
        await expect(page.get_by_role("toolbar")).to_be_hidden()
        await page.get_by_label("Body").fill("Text")
        await page.get_by_label("Tags").fill("One, Two")
        await page.get_by_label("Language").select_option("ar")
        await page.get_by_role("button", name="Save").click()

    sent = pages.sent[-1]
    assert {name: sent[name] for name in ("body_markdown", "tags", "language", "act")} == {
        "body_markdown": "Text", "tags": "One, Two", "language": "ar", "act": "save",
    }  # fmt: skip


# The middle of the caret. Its place in a textarea is known only by a copy of it with the same text and look.
_CARET = """
(field) => {
  const copy = document.createElement("div");
  const style = getComputedStyle(field);
  for (const name of style) copy.style.setProperty(name, style.getPropertyValue(name));
  Object.assign(copy.style, { position: "absolute", top: "0", visibility: "hidden", whiteSpace: "pre-wrap", blockSize: "auto" });
  const mark = document.createElement("span");
  copy.append(field.value.slice(0, field.selectionStart), mark);
  mark.textContent = "|";
  document.body.append(copy);
  const { top, height } = mark.getBoundingClientRect();
  const down = top + height / 2 - copy.getBoundingClientRect().top;
  copy.remove();
  return field.getBoundingClientRect().top + down - field.scrollTop;
}
"""


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_caret_and_toolbar_stay_visible_above_a_phones_keyboard(
    pages: EditorPages, browser: Browser, language: str
) -> None:
    async with open_editor(
        browser, pages, {"text": "long", "language": language}, viewport=SMALL_PHONE, has_touch=True, is_mobile=True
    ) as page:
        body = page.locator("#body_markdown")
        await body.tap()
        await page.set_viewport_size(WITH_KEYBOARD)
        for keys in ("Control+End", "Control+Home", "Control+End"):
            await page.keyboard.press(keys)
            await page.keyboard.type("word")
            box = await page.locator("#toolbar").bounding_box()
            assert box is not None
            caret = await body.evaluate(_CARET)

            assert box["y"] >= 0, keys
            assert box["y"] + box["height"] < caret <= WITH_KEYBOARD["height"], keys
            assert box["x"] >= 0, keys
            assert box["x"] + box["width"] <= WITH_KEYBOARD["width"], keys


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "viewport", [pytest.param(SMALL_PHONE, id="phone"), pytest.param(DESKTOP, id="desktop", marks=pytest.mark.long)]
)
async def test_axe_finds_nothing_in_the_editor(
    pages: EditorPages, browser: Browser, language: str, viewport: ViewportSize
) -> None:
    found: list[str] = []
    fields: Mapping[str, str] = {"language": language, "url": "/world/ferry-fares"}
    async with open_editor(browser, pages, fields, viewport=viewport, bypass_csp=True, reduced_motion="reduce") as page:
        await page.locator(".help summary").click()
        await page.locator("#slug").fill("another")
        found += await violations(page)
        await page.emulate_media(color_scheme="dark")
        found += await violations(page, CONTRAST)
        await page.locator("#body_markdown").focus()
        await page.keyboard.press("Control+K")
        found += await violations(page)

    assert found == []


# Counts reads of the whole text between a key and the end of its events.
_COUNT_READS = """
() => {
  window.reads = 0;
  let isKey = false;
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
  Object.defineProperty(HTMLTextAreaElement.prototype, "value", { configurable: true, set, get() {
    if (isKey && this.id === "body_markdown") window.reads += 1;
    return get.call(this);
  } });
  window.addEventListener("keydown", () => { isKey = true; setTimeout(() => { isKey = false; }); }, true);
}
"""


async def test_no_key_reads_the_whole_text(pages: EditorPages, browser: Browser) -> None:
    async with open_editor(browser, pages, {"text": "long"}) as page:
        await expect(page.locator("#body-count")).to_have_text(re.compile(r"^10,\d{3} words"))
        await page.evaluate(_COUNT_READS)

        await write(page, " some words")

        assert await page.evaluate("window.reads") == 0
        await expect(page.locator("#body-count")).to_have_text(re.compile(r"^10,\d{3} words"))


@pytest.mark.long
async def test_key_in_a_long_text_costs_little_processor_time(pages: EditorPages, browser: Browser) -> None:
    async with open_editor(browser, pages, {"text": "long"}) as page:
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        await page.get_by_label("Body").evaluate("(field) => { field.focus(); field.setSelectionRange(30000, 30000); }")
        costs = []
        for number in range(60):
            before = await _script_and_layout_ms(devtools)
            await page.keyboard.press("a" if number % 6 else "Space")
            await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            costs.append(await _script_and_layout_ms(devtools) - before)

    p95 = sorted(costs)[int(len(costs) * 0.95)]
    print(f"\nscript, style and layout of a key in 10,000 words: p95 {p95:.1f} ms, times four {4 * p95:.1f} ms")
    # The aim is 12 ms (50 ms on a processor four times slower). Another order of magnitude is a defect.
    assert p95 < 100


async def _script_and_layout_ms(devtools: CDPSession) -> float:
    found = await devtools.send("Performance.getMetrics")
    wanted = {"ScriptDuration", "LayoutDuration", "RecalcStyleDuration"}
    return 1000 * sum(float(one["value"]) for one in found["metrics"] if one["name"] in wanted)
