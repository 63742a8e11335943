"""Every kind of page in axe, in light and dark colours, and the deferred layout of its lower parts."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize

from tests.support import look_preview
from tests.support import look_samples as samples
from tests.support.axe import CONTRAST, violations
from tests.support.browsing import DESKTOP, PHONE, open_page
from tests.support.page_server import TEMPLATES, PageServer, serving
from tests.support.polling import eventually
from tests.support.site import Site, has_deferred_layout, until_laid_out

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Only colours differ between light and dark.
_SCHEMES: Sequence[tuple[Literal["light", "dark"], Mapping[str, object] | None]] = (
    ("light", None),
    ("dark", CONTRAST),
)
# Kinds of pages with another layout in a wide window; a tag's page, which the daily form leaves out.
_WIDE = ("home", "article", "popular", "tag")
# A tag's page is like a section's; the test of changes and corrections sees the others.
_TRIED_ELSEWHERE = ("tag", "history", "corrections")


@pytest.mark.parametrize(
    "viewport", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop", marks=pytest.mark.long)]
)
async def test_axe_finds_nothing_on_any_kind_of_page(site: Site, viewport: ViewportSize) -> None:
    names = _WIDE if viewport is DESKTOP else [name for name in site.paths if name not in _TRIED_ELSEWHERE]
    found: list[str] = []
    async with open_page(site.browser, [], viewport=viewport, bypass_csp=True, reduced_motion="reduce") as page:
        for name in names:
            await page.goto(site.address(site.paths[name]))
            await until_laid_out(page)
            for scheme, options in _SCHEMES:
                await page.emulate_media(color_scheme=scheme)
                found += [f"{name}, {scheme}: {violation}" for violation in await _violations(page, options)]

    assert found == []


async def test_axe_finds_nothing_in_changes_and_corrections(browser: Browser) -> None:
    names = ("history", "history-arabic", "corrections", "preview")
    server = PageServer(samples.popular(), look_preview.pages(TEMPLATES))
    found: list[str] = []
    async with serving(server), open_page(browser, [], viewport=PHONE, reduced_motion="reduce") as page:
        for name in names:
            await page.goto(server.address(name))
            await until_laid_out(page)
            for scheme, options in _SCHEMES:
                await page.emulate_media(color_scheme=scheme)
                found += [f"{name}, {scheme}: {violation}" for violation in await _violations(page, options)]

    assert found == []


async def _violations(page: Page, options: Mapping[str, object] | None) -> Sequence[str]:
    # Colours change over 150 ms, and no intermediate colour counts.
    await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    return await violations(page, options)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
async def test_parts_below_the_first_screen_appear_without_scrolling(site: Site, script: bool) -> None:
    checked = asyncio.Event()

    async def hold(route: Route) -> None:
        await checked.wait()
        await route.continue_()

    async with open_page(site.browser, [], viewport=PHONE, java_script_enabled=script) as page:
        await page.route("**/static/*.js", hold)
        await page.goto(site.address(site.article["url"]), wait_until="commit")
        await page.locator(".footer").wait_for(state="attached")
        if script:
            await eventually(lambda: has_deferred_layout(page), what="the layout of some part is deferred")
        checked.set()
        await page.wait_for_load_state()
        await until_laid_out(page)
        assert not await has_deferred_layout(page)
