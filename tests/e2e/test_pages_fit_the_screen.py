"""No text of an editor or a reader makes a page wider than the screen: on a narrow phone and a desktop, in Chromium."""

from dataclasses import replace

import pytest
from playwright.async_api import Browser, ViewportSize

from services.rendering.pages.comment_models import CommentsView, CommentView, ThreadView
from services.rendering.pages.models import (
    Correction,
    CorrectionLine,
    CorrectionsView,
    FieldChange,
    HistoryView,
    Link,
    TextRun,
)
from services.rendering.pages.popular_models import PopularPageView
from tests.support import look_preview
from tests.support import look_samples as samples
from tests.support.browsing import open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

NARROW: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1440, "height": 900}
_TOO_WIDE = """() => {
  const screen = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= screen) return [];
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > screen + 0.5);
  return [`${document.documentElement.scrollWidth} of ${screen}`, ...out.slice(-3).map((one) => one.outerHTML.slice(0, 90))];
}"""
# A page that fits a phone nearly always fits a desktop.
BOTH = pytest.mark.parametrize(
    "viewport", [pytest.param(NARROW, id="phone"), pytest.param(WIDE, id="desktop", marks=pytest.mark.long)]
)
# The script lays out the parts below the first screen last.
_WHOLE = """() => [...document.querySelectorAll(".block, .rail > section, .threads > li")].every(
  (one) => one.style.contentVisibility === "visible"
)"""


async def _too_wide(
    browser: Browser, server: PageServer, viewport: ViewportSize, style: str = ""
) -> dict[str, list[str]]:
    """Elements that extend beyond the screen, by page."""
    found: dict[str, list[str]] = {}
    async with open_page(browser, [], viewport=viewport) as page:
        for name in server.pages:
            await page.goto(server.address(name))
            await page.wait_for_function(_WHOLE)
            if style:
                await page.add_style_tag(content=style)
            if out := await page.evaluate(_TOO_WIDE):
                found[name] = out
    return found


def _comment(number: int, body: str, depth: int = 0) -> CommentView:
    return replace(samples.comment(number, depth), body_html=body, name="N" * 80, reply_to_name="N" * 80)


@BOTH
async def test_long_word_in_a_comment_fits_the_screen(browser: Browser, viewport: ViewportSize) -> None:
    link = "https://reader.example/" + "a-long-way-" * 11
    bodies = (f'<p><a href="{link}">{link}</a></p>', f"<p>{'W' * 300}</p>", f"<pre><code>{'W' * 300}</code></pre>")
    threads = tuple(
        ThreadView(
            _comment(10 * number, body), tuple(_comment(10 * number + depth, body, depth) for depth in (1, 2, 3))
        )
        for number, body in enumerate(bodies)
    )
    article = replace(samples.article(), comments=CommentsView(12, threads))
    server = PageServer(samples.popular(), {"article": TEMPLATES.article(article)})

    async with serving(server):
        assert await _too_wide(browser, server, viewport) == {}


_WORD = "Donaudampfschifffahrtselektrizitaeten" * 4


def _hostile() -> dict[str, str]:
    """Every kind of page, with a word that is too long for a line in each text of an editor or a reader."""
    card = replace(samples.card(0), headline=_WORD, standfirst=_WORD)
    plain, small = replace(card, picture=None), replace(card, section="africa")
    link = Link(_WORD, "/tag/long")
    body = f"<h2>{_WORD}</h2><p>{_WORD} <a href='/'>{_WORD}</a> <code>{_WORD}</code></p><ul><li>{_WORD}</li></ul>"
    article = replace(
        samples.article(),
        headline=_WORD,
        standfirst=_WORD,
        bylines=(link, link),
        tags=(link, link),
        body_html=body + f"<blockquote><p>{_WORD}</p></blockquote><table><tr><td>{_WORD}</td></tr></table>",
        corrections=(Correction(_WORD, samples.NOW),),
        picture=replace(samples.picture(0), caption=_WORD, credit=_WORD),
        previous=card,
        next=plain,
        recommended=(card, plain),
    )
    home = samples.home()
    blocks = tuple(replace(block, cards=(small, plain, small)) for block in home.blocks)
    found = replace(samples.results().found[0], headline=_WORD, snippet_html=f"<mark>{_WORD}</mark>")
    return {
        "home": TEMPLATES.home(replace(home, lead=card, seconds=(plain, card), blocks=blocks, latest=(card, plain))),
        "home-plain": TEMPLATES.home(replace(home, lead=plain, seconds=(plain, card))),
        "article": TEMPLATES.article(article),
        "arabic": TEMPLATES.article(replace(article, language="ar")),
        "section": TEMPLATES.list_page(replace(samples.section_list(), cards=(card, plain, card))),
        "section-plain": TEMPLATES.list_page(replace(samples.section_list(), cards=(plain, card))),
        "tag": TEMPLATES.list_page(replace(samples.tag_list(), title=_WORD, cards=(card, plain))),
        "author": TEMPLATES.list_page(replace(samples.tag_list(), kind="author", title=_WORD, page=None)),
        "history": TEMPLATES.history(_long_history()),
        "corrections": TEMPLATES.corrections(
            CorrectionsView((CorrectionLine(_WORD, samples.NOW, "/world/long", _WORD, "world"),))
        ),
        "search": TEMPLATES.search(replace(samples.results(), q=_WORD, found=(found,))),
        "search-nothing": TEMPLATES.search(replace(samples.results(), q=_WORD, found=(), latest=(card, plain))),
        "popular": TEMPLATES.popular_page(PopularPageView("7d", "/popular?window=7d")),
        "404": TEMPLATES.error(replace(samples.lost(404), latest=(card, plain))),
    }


def _long_history() -> HistoryView:
    runs = (TextRun("removed", _WORD), TextRun("added", _WORD), TextRun("same", _WORD))
    version = replace(samples.history().versions[0], note=_WORD, changes=(FieldChange("body_markdown", (runs,)),))
    return replace(samples.history(), headline=_WORD, versions=(version,))


@BOTH
async def test_long_word_in_any_text_of_an_article_fits_the_screen(browser: Browser, viewport: ViewportSize) -> None:
    ranking = samples.popular()
    items = tuple(replace(item, headline=_WORD) for item in ranking.items)
    server = PageServer(replace(ranking, items=items), _hostile())

    async with serving(server):
        assert await _too_wide(browser, server, viewport) == {}


async def test_pages_with_text_at_200_percent_fit_a_phone(browser: Browser) -> None:
    server = PageServer(samples.popular(), look_preview.pages(TEMPLATES))

    async with serving(server):
        assert await _too_wide(browser, server, NARROW, ":root { font-size: 200% }") == {}


_BROKEN = """() => [...document.querySelectorAll(".footer a, .menu a")].filter((link) => {
  const words = document.createRange();
  words.selectNodeContents(link);
  return !link.textContent.includes(" ") && new Set([...words.getClientRects()].map((line) => line.top)).size > 1;
}).map((link) => link.textContent)"""


async def test_text_at_200_percent_breaks_no_section_name(browser: Browser) -> None:
    server = PageServer(samples.popular(), {"home": TEMPLATES.home(samples.home())})

    async with serving(server), open_page(browser, [], viewport=NARROW) as page:
        await page.goto(server.address("home"))
        await page.add_style_tag(content=":root { font-size: 200% }")
        await page.locator(".menu summary").click()
        assert await page.evaluate(_BROKEN) == []
