"""Arabic pages on a slow network: typefaces that arrive after the first paint shift nothing."""

import asyncio
from dataclasses import replace

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize

from services.rendering.pages.models import HomeView
from services.rendering.pages.templates import POPULAR_SLOT, Templates
from shared.site.site import load_site
from tests.support import look_samples as samples
from tests.support.browsing import DESKTOP, PHONE, layout_shifts, open_page, total_shift
from tests.support.page_server import PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

_ARABIC = Templates(load_site(None).model_copy(update={"language": "ar"}), "http://127.0.0.1:8080")
_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="9"/>'
_PAINTED = "performance.getEntriesByName('first-contentful-paint').length"
_ARRIVED = """async () => {
  const ours = [...document.fonts].filter((face) => /Monitor/.test(face.family) && face.status !== "unloaded");
  await Promise.all(ours.map((face) => face.loaded));
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done));
  return ours.map((face) => face.family);
}"""


def _home() -> HomeView:
    home = samples.home()
    arabic = samples.arabic_card(0)
    blocks = tuple(replace(block, cards=tuple(samples.arabic_card(n) for n in range(4))) for block in home.blocks)
    return replace(home, lead=arabic, seconds=(samples.arabic_card(1), samples.card(2)), blocks=blocks)


def _server() -> PageServer:
    # Without the line about its age: the script would remove it, since the sample is newer than the line says.
    article = replace(samples.arabic_article(), years_old=0)
    pages = {"home": _ARABIC.home(_home()), "article": _ARABIC.article(article)}
    popular = _ARABIC.popular(samples.popular())
    return PageServer(samples.popular(), {name: page.replace(POPULAR_SLOT, popular) for name, page in pages.items()})


async def _open_with_late_typefaces(page: Page, address: str) -> list[str]:
    """Open a page whose typefaces arrive after its first paint; return the families that arrived."""
    painted = asyncio.Event()

    async def hold(route: Route) -> None:
        await painted.wait()
        await route.continue_()

    await page.route("**/*.woff2", hold)
    await page.route("**/media/**", lambda route: route.fulfill(body=_PICTURE, content_type="image/svg+xml"))
    await page.goto(address, wait_until="commit")
    await page.wait_for_function(_PAINTED)
    painted.set()
    await page.wait_for_load_state()
    return list(await page.evaluate(_ARRIVED))


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_late_typefaces_shift_nothing_on_arabic_pages(browser: Browser, viewport: ViewportSize) -> None:
    shifted: dict[str, list[str]] = {}
    async with serving(_server()) as server:
        for name in server.pages:
            async with open_page(browser, [], viewport=viewport) as page:
                arrived = await _open_with_late_typefaces(page, server.address(name))
                assert {family.strip('"') for family in arrived} == {"Monitor Naskh", "Monitor Serif"}
                shifts = await layout_shifts(page)
                if total_shift(shifts) >= 0.001:
                    shifted[name] = shifts

    assert shifted == {}
