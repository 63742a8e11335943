"""Tables and code that are wider than the column of an article: on paper, and with a keyboard."""

from dataclasses import replace

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.support import look_samples as samples
from tests.support.browsing import PHONE, open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A4 at 96 dots an inch.
SHEET: ViewportSize = {"width": 794, "height": 1123}
_CELLS = "".join(f"<td>{place},417 containers of Basra</td>" for place in range(12))
_HEADS = "".join(f"<th>Quarter {place}</th>" for place in range(12))
_CODE = "berths = [" + ", ".join(f'"berth-{place}"' for place in range(40)) + "]"
WIDE_BODY = (
    f"<p>Before.</p><table><thead><tr>{_HEADS}</tr></thead><tbody><tr>{_CELLS}</tr></tbody></table>"
    f"<pre><code>{_CODE}\n  ready = True</code></pre><p>After.</p>"
)
_CUT = """() => [...document.querySelectorAll(".body table, .body pre")].filter((one) =>
  one.scrollWidth > one.clientWidth || one.getBoundingClientRect().right > innerWidth
  || getComputedStyle(one).overflowX !== "visible"
).map((one) => `${one.tagName} ${one.scrollWidth} of ${one.clientWidth}`)"""


def _server(language: str = "en") -> PageServer:
    article = replace(samples.article(), body_html=WIDE_BODY, language=language)
    return PageServer(samples.popular(language), {"article": TEMPLATES.article(article)})


async def test_wide_tables_and_code_are_complete_on_paper(browser: Browser) -> None:
    async with serving(_server()) as server, open_page(browser, [], viewport=SHEET) as page:
        await page.emulate_media(media="print")
        await page.goto(server.address("article"))
        assert await page.evaluate(_CUT) == []


@pytest.mark.parametrize(("language", "names"), [("en", ["Table 1", "Code 1"]), ("ar", ["جدول ١", "شيفرة ١"])])
async def test_scrolling_part_of_a_body_has_a_name_and_keyboard_focus(
    browser: Browser, language: str, names: list[str]
) -> None:
    async with serving(_server(language)) as server, open_page(browser, [], viewport=PHONE) as page:
        await page.goto(server.address("article"))
        for name in names:
            region = page.locator(".body").get_by_role("region", name=name, exact=True)
            await region.focus()
            await page.keyboard.press("ArrowRight" if language == "en" else "ArrowLeft")
            await page.wait_for_function("document.activeElement.scrollLeft !== 0")
            assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert await page.locator(".body").get_by_role("table").count() == 1
