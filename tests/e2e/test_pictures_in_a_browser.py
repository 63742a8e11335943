"""Pictures of the store in Chromium: the file that it takes, no layout shift, right to left, accessibility, paper."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route

from shared.pictures import parse_variant_name, widths
from tests.support import look_samples as samples
from tests.support import stored_pictures as stored
from tests.support.browsing import forget_shifts, layout_shifts, open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = {
    "home": TEMPLATES.home(stored.home()),
    "section": TEMPLATES.list_page(stored.section_list()),
    "article": TEMPLATES.article(stored.article()),
    "tall": TEMPLATES.article(stored.article(stored.TALL)),
    "panorama": TEMPLATES.article(stored.article(stored.PANORAMA)),
    "arabic": TEMPLATES.article(stored.arabic_article()),
}
# Pixels of a screen, and its ratio.
SCREENS = [
    (360, 2),
    (1920, 1),
    *(pytest.param(*screen, marks=pytest.mark.long) for screen in ((360, 1), (360, 3), (820, 1), (820, 2), (1920, 2))),
]
# As for paper: nothing waits for the reader to come near.
_LOAD_ALL = """() => {
  for (const part of document.querySelectorAll(".block, .rail > section, .threads > li")) part.style.contentVisibility = "visible";
  for (const image of document.images) image.loading = "eager";
}"""
# The pictures that cannot be decoded.
_DECODED = """() => Promise.all([...document.images].map((image) => image.decode().then(() => "", () => image.outerHTML)))
  .then((failed) => failed.filter(Boolean))"""
# `wanted`: the width on the page that `sizes` gives, since a file has as many pixels as its name says.
_IMAGES = """() => [...document.images].map((image) => ({
  url: image.currentSrc, shown: image.getBoundingClientRect().width, wanted: image.naturalWidth,
}))"""


class TakenImage(TypedDict):
    """An image of a page: the file, its width on the page, and the width that `sizes` gives, in CSS pixels."""

    url: str
    shown: float
    wanted: float


@asynccontextmanager
async def _page(
    browser: Browser, width: int, ratio: float = 1, **context: Any
) -> AsyncIterator[tuple[PageServer, Page]]:
    screen = {"viewport": {"width": width, "height": 800}, "device_scale_factor": ratio, **context}
    server = PageServer(samples.popular(), PAGES, media=stored.media)
    async with serving(server), open_page(browser, [], **screen) as page:
        yield server, page


async def _load_all(page: Page) -> None:
    await page.evaluate(_LOAD_ALL)
    assert await page.evaluate(_DECODED) == []


@pytest.mark.parametrize(("width", "ratio"), SCREENS)
async def test_browser_takes_the_narrowest_avif_that_is_sharp(browser: Browser, width: int, ratio: int) -> None:
    wrong: list[str] = []
    for name in ("home", "section", "article", "tall"):
        # A page of its own: Chromium prefers a wider file that it has already.
        async with _page(browser, width, ratio) as (server, page):
            await page.goto(server.address(name))
            await _load_all(page)
            taken: list[TakenImage] = await page.evaluate(_IMAGES)
            # A file that a wider place needs serves the narrower ones, too.
            widest = {one["url"]: one for one in sorted(taken, key=lambda one: one["shown"])}
            wrong += [f"{name}: {fault} {one}" for one in widest.values() if (fault := _fault(one, ratio))]
            assert len(widest) > 5

    assert wrong == []


async def test_browser_without_avif_takes_webp_and_without_both_jpeg(browser: Browser) -> None:
    # Chromium skips a type that it does not know.
    older = PAGES["article"].replace("image/avif", "image/x-unknown")
    pages = {"webp": older, "jpg": older.replace("image/webp", "image/x-unknown")}
    server = PageServer(samples.popular(), pages, media=stored.media)
    async with serving(server):
        for format in pages:
            async with open_page(browser, [], viewport={"width": 360, "height": 800}, device_scale_factor=2) as page:
                await page.goto(server.address(format))
                await _load_all(page)
                taken: list[TakenImage] = await page.evaluate(_IMAGES)
                assert {one["url"].rpartition(".")[2] for one in taken} == {format}
                # A text's pictures have one JPEG each.
                assert format == "jpg" or [fault for one in taken if (fault := _fault(one, 2, format))] == []


def _fault(image: TakenImage, ratio: int, format: str = "avif") -> str:
    folder, name = image["url"].split("/")[-2:]
    variant = parse_variant_name(name)
    facts = next(facts for facts in stored.FACTS.values() if facts.folder == folder)
    if variant is None or variant.format != format:
        return "another format:"
    if facts is stored.FACTS[stored.NEW]:
        return ""  # The original has other pixels than the name says.
    if abs(image["wanted"] / image["shown"] - 1) > 0.06:
        return "`sizes` differs from the page"
    pixels = image["wanted"] * ratio
    there = widths(facts, variant.shape)
    enough = next((width for width in there if width >= pixels), there[-1])
    if variant.width > enough:
        return f"{enough} would do:"
    return "blurred:" if variant.width < 0.7 * min(pixels, there[-1]) else ""


# A file has whole pixels, so its ratio differs a little from the picture's.
_HEIGHTS = "() => [...document.images].map((image) => image.getBoundingClientRect().height)"
_COLOURS = "() => [...document.images].map((image) => getComputedStyle(image).backgroundColor)"


@pytest.mark.parametrize("width", [360, pytest.param(820, marks=pytest.mark.long), 1920])
async def test_late_pictures_move_nothing(browser: Browser, width: int) -> None:
    arrive = asyncio.Event()

    async def hold(route: Route) -> None:
        await arrive.wait()
        await route.continue_()

    async with _page(browser, width) as (server, page):
        await page.route("**/media/**", hold)
        for name in ("home", "tall"):
            arrive.clear()
            await page.goto(server.address(name), wait_until="commit")
            await page.locator(".footer").wait_for(state="attached")
            await page.evaluate(_LOAD_ALL)
            await forget_shifts(page)
            empty, colours = await page.evaluate(_HEIGHTS), set(await page.evaluate(_COLOURS))
            arrive.set()
            assert await page.evaluate(_DECODED) == []

            assert [
                abs(one - other) > 1 for one, other in zip(await page.evaluate(_HEIGHTS), empty, strict=True)
            ].count(True) == 0
            assert await layout_shifts(page) == []
            assert colours == {"rgb(170, 85, 85)"}, "the placeholder"


async def test_tall_lead_is_whole_and_a_panorama_too(browser: Browser) -> None:
    found = {}
    async with _page(browser, 1920) as (server, page):
        for name in ("article", "tall", "panorama"):
            await page.goto(server.address(name))
            box = await page.locator(".story-picture img").bounding_box()
            assert box is not None
            found[name] = (round(box["width"]), round(box["height"]))

    assert found == {"article": (828, 466), "tall": (448, 672), "panorama": (828, 207)}


async def test_gallery_and_figures_are_mirrored_in_arabic(browser: Browser) -> None:
    async with _page(browser, 820) as (server, page):
        await page.goto(server.address("arabic"))
        await _load_all(page)
        boxes = [await one.bounding_box() for one in await page.locator(".gallery").first.locator("img").all()]
        column = await page.locator(".body").bounding_box()
        tall = await page.locator(".body > figure img").nth(1).bounding_box()
        is_too_wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert column is not None
    assert tall is not None
    first, second, third = (box for box in boxes if box is not None)
    assert (first["width"], second["y"]) == (column["width"], third["y"])
    assert second["x"] > third["x"]
    assert tall["x"] + tall["width"] == column["x"] + column["width"]
    assert not is_too_wide


async def test_axe_finds_nothing_on_pages_with_pictures(browser: Browser) -> None:
    found: list[str] = []
    async with _page(browser, 360, bypass_csp=True, reduced_motion="reduce") as (server, page):
        for name in ("article", "arabic"):
            await page.goto(server.address(name))
            await _load_all(page)
            results = await Axe().run(page, context=".story-page")
            found += [f"{name}: {one['id']} {one['nodes']}" for one in results.response["violations"]]

    assert found == []


_STRETCHED = """() => [...document.querySelectorAll(".body img, .story-picture img")].map((image) => {
  const { width, height } = image.getBoundingClientRect();
  return [image.alt, height, Math.abs(width / height / (image.naturalWidth / image.naturalHeight) - 1)];
})"""


async def test_pictures_on_paper_are_whole_and_at_most_9_cm_high(browser: Browser) -> None:
    async with _page(browser, 794) as (server, page):
        await page.goto(server.address("tall"))
        await _load_all(page)
        await page.emulate_media(media="print")
        printed = await page.evaluate(_STRETCHED)

    assert len(printed) == 10
    assert [one for one in printed if one[1] > 341 or one[2] > 0.02] == []


async def test_only_the_first_picture_of_a_page_is_fetched_at_once() -> None:
    for name, page in PAGES.items():
        shown = re.sub(
            r"<noscript>.*?</noscript>", "", page.partition("<main")[2]
        )  # without the picture that counts a view
        images = re.findall(r"<img[^>]*>", shown)
        first, *others = images
        assert ('fetchpriority="high"' in first, "loading=" in first) == (True, False), name
        assert all('loading="lazy"' in image for image in others), name
