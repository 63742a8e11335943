"""The pages of numbers in a browser: axe, phones, Arabic, dark; the wall screen loads itself again and admits silence."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.axe import CONTRAST, violations
from tests.support.browsing import open_page
from tests.support.desk import RIYADH, DeskClient
from tests.support.nu_checker import nu_findings
from tests.support.number_desk import NumberDesk

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIGHT: Mapping[str, object] | None = None
DARK: Mapping[str, object] | None = CONTRAST


@pytest.mark.parametrize(
    ("language", "width", "colours"),
    [
        pytest.param("ar", 360, LIGHT, id="arabic-phone-light"),
        pytest.param("en", 1280, DARK, id="desktop-dark", marks=pytest.mark.long),
        pytest.param("en", 360, LIGHT, id="phone-light", marks=pytest.mark.long),
        pytest.param("en", 1280, LIGHT, id="desktop-light", marks=pytest.mark.long),
    ],
)
async def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    numbers: NumberDesk, browser: Browser, language: str, width: int, colours: Mapping[str, object] | None
) -> None:
    person = await numbers.desk.as_role("admin", language=language)
    found: list[str] = []
    async with open_page(browser, [], viewport={"width": width, "height": 800}, bypass_csp=True,
                         color_scheme="dark" if colours is DARK else "light", reduced_motion="reduce") as page:  # fmt: skip
        await person.enter(page.context)
        for path in await _every_page(numbers, person):
            await page.goto(person.url + path)
            await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            found += [f"{path}: {fault}" for fault in await violations(page, colours)]
            too_wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{path}: {too_wide} px too wide"] if too_wide > 0 else []

    assert found == []


async def test_wall_follows_new_views_and_says_when_nobody_answers(numbers: NumberDesk, browser: Browser) -> None:
    person = await numbers.desk.as_role("moderator")
    problems: list[str] = []
    async with open_page(browser, problems, viewport={"width": 1280, "height": 800}) as page:
        await person.enter(page.context)
        await page.clock.install()
        await page.goto(f"{person.url}/desk/numbers/wall?refresh=5")
        shown = page.locator("[aria-labelledby=wall-today] .giant")
        before = int(await shown.inner_text())
        await numbers.read("Seen on the wall", "", "https://a.example/")

        await page.clock.run_for(6_000)
        await expect(shown).to_have_text(str(before + 2))
        assert problems == []

        await page.route("**/desk/numbers/wall*", lambda route: route.abort())
        silence = page.locator("#wall-silent")
        for _ in range(2):
            await expect(silence).to_be_hidden()
            async with page.expect_event("requestfailed"):
                await page.clock.run_for(6_000)
        await expect(silence).to_be_visible()
        await expect(shown).to_have_text(str(before + 2))


@pytest.mark.long
async def test_nu_html_checker_finds_nothing(numbers: NumberDesk, tmp_path: Path) -> None:
    english, arabic = await numbers.desk.as_role("admin"), await numbers.desk.as_role("admin", language="ar")
    for number, path in enumerate(await _every_page(numbers, english)):
        for person, name in ((english, "en"), (arabic, "ar")):
            (tmp_path / f"{name}-{number}.html").write_text((await person.get(path)).text)

    assert await asyncio.to_thread(nu_findings, sorted(tmp_path.glob("*.html"))) == ""


async def _every_page(numbers: NumberDesk, admin: DeskClient) -> Sequence[str]:
    """The addresses of all these pages, with something to see on each."""
    article = await numbers.read("بحر هادئ في الليل", "https://duckduckgo.com/", "https://a.example/", language="ar")
    page = f"/desk/numbers/articles/{article['id']}"
    now = datetime.now(RIYADH)
    fields = {"views": "-1", "hour": f"{now:%Y-%m-%dT%H:%M}", "reason": "Ticket 811", "key": str(article["id"])}
    await admin.post(f"{page}/adjust", fields)
    return (
        "/desk/numbers", "/desk/numbers/sections/world?span=52w", "/desk/numbers/tags/lakes", "/desk/numbers/wall",
        f"{page}?compare=week&from={now - timedelta(days=2):%Y-%m-%d}&to={now:%Y-%m-%d}",
    )  # fmt: skip
