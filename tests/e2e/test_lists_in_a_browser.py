"""The layout of lists on a narrow phone and a desktop."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from services.rendering.pages.popular_models import PopularPageView
from tests.support import look_samples as samples
from tests.support.browsing import open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

NARROW: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1440, "height": 900}


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["phone", "desktop"])
async def test_section_lead_without_a_picture_has_the_same_type_size(browser: Browser, viewport: ViewportSize) -> None:
    section = samples.section_list()
    plain = replace(section, cards=(samples.card(0, pictured=False), *section.cards[1:]))
    server = PageServer(
        samples.popular(), {"plain": TEMPLATES.list_page(plain), "pictured": TEMPLATES.list_page(section)}
    )
    sizes = {}
    async with serving(server), open_page(browser, [], viewport=viewport) as page:
        for name in server.pages:
            await page.goto(server.address(name))
            lead = page.locator(".rows > .card").first
            await expect(lead.locator(".card-standfirst")).to_be_visible()
            sizes[name] = await lead.locator(".card-title").evaluate("(title) => getComputedStyle(title).fontSize")

    assert sizes["plain"] == sizes["pictured"]


_DISTANCE = """(rail) =>
  rail.getBoundingClientRect().top - rail.previousElementSibling.getBoundingClientRect().bottom"""
_BOX = "(one) => one.getBoundingClientRect().toJSON()"


async def test_popular_news_has_equal_distance_on_all_pages_of_a_phone(browser: Browser) -> None:
    section = replace(samples.section_list(), older=None)
    pages = {
        "section": TEMPLATES.list_page(section),
        "popular": TEMPLATES.popular_page(PopularPageView("7d", "/popular?window=7d")),
        "home": TEMPLATES.home(samples.home()),
        "404": TEMPLATES.error(samples.lost()),
    }
    gaps = {}
    async with serving(PageServer(samples.popular(), pages)) as server, open_page(browser, [], viewport=NARROW) as page:
        for name in pages:
            await page.goto(server.address(name))
            gaps[name] = await page.locator(".rail").evaluate(_DISTANCE)

    assert gaps == pytest.approx(dict.fromkeys(pages, 48))


async def test_date_in_a_list_fits_on_one_line(browser: Browser) -> None:
    cards = tuple(replace(samples.card(0), published_at=datetime(2024, 9, day, tzinfo=UTC)) for day in (16, 17, 18))
    cards = tuple(replace(card, section="middle-east") for card in cards)
    author = replace(samples.tag_list(), kind="author", cards=cards)
    server = PageServer(samples.popular(), {"author": TEMPLATES.list_page(author)})
    async with serving(server), open_page(browser, [], viewport=NARROW) as page:
        await page.goto(server.address("author"))
        times = page.locator(".card-facts time")
        await expect(times).to_have_count(3)
        heights = [(await time.evaluate(_BOX))["height"] for time in await times.all()]

    assert max(heights) < 30


async def test_facts_of_an_arabic_story_align_with_its_headline(browser: Browser) -> None:
    server = PageServer(
        samples.popular(), {"tag": TEMPLATES.list_page(replace(samples.tag_list(), cards=(samples.arabic_card(2),)))}
    )
    async with serving(server), open_page(browser, [], viewport=NARROW) as page:
        await page.goto(server.address("tag"))
        text = await page.locator(".rows .card-text").evaluate(_BOX)
        first = await page.locator(".rows .card-facts > :first-child").evaluate(_BOX)

    assert first["right"] == pytest.approx(text["right"], abs=1)
