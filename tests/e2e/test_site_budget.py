"""The weight, requests and layout shifts of every kind of page, against the table in docs/BUDGET.md."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Request, Route, ViewportSize

from tests.support.browsing import DESKTOP, PHONE, layout_shifts, open_page, total_shift
from tests.support.polling import eventually
from tests.support.running import ROOT
from tests.support.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A slow network, simulated: typefaces and scripts arrive after the first paint.
_LATE_S = 0.4
_PARTS = {"document": "html", "stylesheet": "css", "script": "js", "font": "font", "image": ""}


async def _withdraw_stories_of_other_tests(site: Site) -> None:
    """A late typeface may wrap their headlines otherwise, which moves the front page."""
    platform = site.platform
    for words in ("Lighthouse", "harmless", "discussion"):
        url = f"{platform.edge}/v1/articles?status=published&limit=100&q={words}"
        async with platform.http.get(url, headers=platform.editor) as answer:
            found = (await answer.json())["items"]
        for article in found:
            await platform.act(article, "withdraw", {"reason": "It was another test's."})

    async def are_gone() -> bool:
        _, home = await platform.page("/")
        return "Lighthouse" not in home and "harmless" not in home

    await eventually(are_gone, what="the front page has this test's stories alone")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_kind_of_page_stays_within_the_budget(site: Site, viewport: ViewportSize) -> None:
    await _withdraw_stories_of_other_tests(site)
    budget, over = _budget(), []
    paths = site.paths if viewport is PHONE else {name: site.paths[name] for name in ("home", "article")}
    for name, path in paths.items():
        async with open_page(site.browser, [], viewport=viewport) as page:
            found = await _weigh(page, site.address(path))
            arabic = " arabic" if await page.locator("html:lang(ar)").count() else ""
            limits = {**budget, "font": budget["font" + arabic]}
            shifts = await layout_shifts(page)
            found["layout shift"] = total_shift(shifts)
            over += [
                f"{name}: {part} {size:.4g} of {limits[part]}; shifts: {shifts}"
                for part, size in found.items()
                if size > limits[part]
            ]
            # Late typefaces may shift the page a little. Dates that the script writes may not.
            over += [f"{name}: {shift}" for shift in shifts if "<time" in shift]

    assert over == []


def _budget() -> dict[str, float]:
    rows = re.findall(r"^\| ([a-z ]+) \| ([0-9.]+)", (ROOT / "docs" / "BUDGET.md").read_text(), re.MULTILINE)
    return {name: float(most) for name, most in rows}


async def _weigh(page: Page, address: str) -> dict[str, float]:
    """KB on the wire by part, and the number of requests, of a first visit."""
    found: dict[str, float] = {"html": 0, "css": 0, "js": 0, "js comments": 0, "font": 0, "requests": 0}

    async def add(request: Request) -> None:
        part = "js comments" if "/discussion." in request.url else _PARTS.get(request.resource_type)
        found["requests"] += part is not None
        if part:
            found[part] += (await request.sizes())["responseBodySize"] / 1024

    page.on("requestfinished", add)
    await page.route("**/static/**", _delay)
    await page.goto(address, wait_until="load")
    await page.evaluate("document.fonts.ready")
    return found


async def _delay(route: Route) -> None:
    await asyncio.sleep(_LATE_S)
    await route.continue_()
