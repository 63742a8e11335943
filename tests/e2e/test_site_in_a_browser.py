"""The reader's site in Chromium: live news, tabs, what is accessible, what moves and what it weighs (docs/BUDGET.md)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, expect

from tests.support.browsing import DESKTOP, PHONE, open_page
from tests.support.polling import eventually
from tests.support.running import ROOT, Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")

_BODY = "\n\n".join(f"Paragraph {number} of a story that is long enough to be read. " * 4 for number in range(1, 15))


@dataclass
class Site:
    """A running platform with two articles, and a browser."""

    platform: Platform
    browser: Browser
    article: dict[str, Any]
    arabic: dict[str, Any]

    @property
    def paths(self) -> dict[str, str]:
        """A page of every kind."""
        article, arabic = str(self.article["url"]), str(self.arabic["url"])
        return {
            "home": "/", "article": article, "arabic": arabic, "section": "/world", "tag": "/tag/light",
            "contact": "/contact", "popular": "/popular?window=7d", "search": "/search?q=lamp", "missing": "/nowhere/at-all",
        }  # fmt: skip


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(platform: Platform, browser: Browser) -> Site:
    article = await platform.publish(
        "The lamp at Cape Sannur",
        body=_BODY,
        standfirst="It was lit by hand.",
        bylines=["Ines Halloran"],
        tags=["Light"],
    )
    arabic = await platform.publish("مصباح الرأس", body="أُضيء باليد.", language="ar")
    site = Site(platform, browser, article, arabic)
    await _comment(platform, article, "The first word.")
    await _until(site, str(article["url"]), "The first word.")
    await _until(site, str(arabic["url"]), "مصباح")
    return site


async def _comment(platform: Platform, article: dict[str, Any], body: str) -> None:
    """A comment that everybody sees: a reader's first is held until it is approved."""
    fields = {"name": "Ada", "email": "ada@site.example.org", "body": body}
    comment = await platform.post(f"/v1/articles/{article['id']}/comments", fields, wanted=201)
    if comment["status"] == "pending":
        await platform.post(f"/v1/comments/{comment['id']}/approve", {})


async def _until(site: Site, path: str, text: str) -> None:
    async def shown() -> bool:
        pages = [(await site.platform.page(path, base=site.platform.url("rendering", n)))[1] for n in (1, 2)]
        return all(text in page for page in pages)

    await eventually(shown, what=f"{path} shows {text}")


async def _moves(page: Page) -> list[str]:
    return list(await page.evaluate("window.moves"))


async def test_what_happens_is_shown_while_a_reader_reads(site: Site) -> None:
    problems: list[str] = []
    article = await site.platform.publish("Ferries run again", body=_BODY)
    await _until(site, str(article["url"]), "Ferries run again")
    async with (
        open_page(site.browser, problems, viewport=DESKTOP) as page,
        open_page(site.browser, problems, viewport=PHONE) as front,
    ):
        await front.goto(site.platform.edge + "/")
        await page.goto(site.platform.edge + str(article["url"]))
        for shown in (page, front):
            # What a typeface moves is in the budget; here it is the news that may move nothing.
            await shown.evaluate("document.fonts.ready.then(() => { window.moves.length = 0 })")

        await _comment(site.platform, article, f"I was on the first of them. {'W' * 300}")
        await expect(page.get_by_text("I was on the first of them.")).to_be_attached()
        await expect(page.locator("[data-comments-title]")).to_have_text("1 comment")
        # A form that came in while the page was read says no more of scripts than the page's own.
        await expect(page.locator("[name=without_script]")).to_have_count(0)

        await site.platform.act(article, "correct", {"note": "They run on Mondays."})
        await expect(page.get_by_role("status").get_by_text("has been corrected")).to_be_visible()
        await site.platform.publish("A story newer than the page")
        await expect(front.get_by_text("1 new story.")).to_be_visible()
        assert [*await _moves(page), *await _moves(front)] == []
        assert await page.evaluate("document.activeElement === document.body")
        await page.get_by_text("I was on the first of them.").scroll_into_view_if_needed()
        await _whole(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        await _until(site, str(article["url"]), "They run on Mondays.")
        await page.get_by_role("status").get_by_text("has been corrected").click()
        await expect(page.get_by_text("They run on Mondays.")).to_be_in_viewport()
        assert page.url.endswith("#correction")

        await front.get_by_text("1 new story.").click()
        await expect(front.get_by_role("link", name="A story newer than the page").first).to_be_visible()
    assert problems == []


async def test_an_arabic_article_that_is_taken_back_is_gone_in_arabic(site: Site) -> None:
    article = await site.platform.publish("فنار قديم", body="أُطفئ.", language="ar")
    await _until(site, str(article["url"]), "فنار قديم")

    await site.platform.act(article, "withdraw", {"reason": "It was not."})

    async def gone() -> str:
        status, text = await site.platform.page(str(article["url"]))
        return text if status == 410 else ""

    assert '<html lang="ar" dir="rtl">' in await eventually(gone, what="it is gone")


async def test_who_follows_a_link_to_a_comment_that_is_not_there_is_thanked_for_nothing(site: Site) -> None:
    problems: list[str] = []
    async with open_page(site.browser, problems, viewport=PHONE) as page:
        await page.goto(f"{site.platform.edge}{site.article['url']}#comment-01m00000000000000000000000")
        await expect(page.locator("[data-today]")).not_to_be_empty()
        await page.evaluate("new Promise((done) => setTimeout(() => setTimeout(done)))")
        await expect(page.locator("[data-received]")).to_be_hidden()
    assert problems == []


async def test_a_page_that_nobody_looks_at_gives_its_stream_back_and_catches_up(site: Site) -> None:
    async def listening() -> int:
        pages = [await site.platform.page("/metrics", base=site.platform.url("rendering", n)) for n in (1, 2)]
        return sum(
            int(float(re.findall(r"^wm_rendering_live_readers (\S+)", text, re.MULTILINE)[0])) for _, text in pages
        )

    async def look(page: Page, state: str) -> None:
        await page.evaluate(
            "(state) => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            state,
        )

    problems: list[str] = []
    async with open_page(site.browser, problems, viewport=DESKTOP) as page:
        await page.clock.install()
        await page.goto(site.platform.edge + str(site.article["url"]))
        await eventually(lambda: _is(listening, 1), what="the page listens")

        await look(page, "hidden")
        await page.clock.fast_forward(9_000)
        assert await listening() == 1
        await page.clock.fast_forward(2_000)
        await eventually(lambda: _is(listening, 0), what="its stream is given back")
        await _comment(site.platform, site.article, "Nobody looked.")
        await _until(site, str(site.article["url"]), "Nobody looked.")
        await look(page, "visible")

        await expect(page.get_by_text("Nobody looked.")).to_be_attached()
    assert problems == []


async def _is(ask: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await ask() == wanted


async def test_a_window_of_popular_news_is_shown_in_place_or_on_its_page(site: Site) -> None:
    problems: list[str] = []
    for script in (True, False):
        async with open_page(site.browser, problems, viewport=DESKTOP, java_script_enabled=script) as page:
            await page.goto(site.platform.edge + "/about")
            await page.locator(".popular-tabs").get_by_role("link", name="Week").click()
            await expect(page.locator('.popular-tabs [aria-current="true"]')).to_have_text("Week")
            assert page.url == site.platform.edge + ("/about" if script else "/popular?window=7d")
    assert problems == []


async def test_an_articles_link_is_copied_where_there_is_a_script(site: Site) -> None:
    problems: list[str] = []
    address = site.platform.edge + str(site.article["url"])
    for script in (True, False):
        context = {"java_script_enabled": script, "permissions": ["clipboard-read", "clipboard-write"]}
        async with open_page(site.browser, problems, viewport=PHONE, **context) as page:
            await page.goto(address)
            button = page.locator("[data-copy]")
            await expect(button).to_be_visible(visible=script)
            if script:
                await button.click()
                await expect(button).to_have_text("Link copied")
                assert str(await page.evaluate("navigator.clipboard.readText()")).endswith(str(site.article["url"]))
    assert problems == []


# Every age and today's date as the script writes them, and as the browser's own CLDR does.
_DATES = """() => {
  const locale = { ar: "ar-u-nu-arab", en: "en-GB" }[document.documentElement.lang];
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  const wanted = {};
  const place = document.querySelector("main");
  const units = [["minute", 60, 59], ["hour", 3600, 23], ["day", 86400, 30], ["month", 2629800, 11], ["year", 31557600, 104]];
  for (const [unit, seconds, most] of units) {
    for (let count = 1; count <= most; count++) {
      const time = document.createElement("time");
      time.dateTime = new Date(Date.now() - 1000 * seconds * (count + 0.01)).toISOString();
      time.dataset.age = "always";
      wanted[time.dateTime] = words.format(-count, unit);
      place.append(time);
    }
  }
  document.dispatchEvent(new Event("added"));
  const said = Array.from(place.querySelectorAll(":scope > time"), (time) => [time.textContent, wanted[time.dateTime]]);
  const today = new Intl.DateTimeFormat(locale, { weekday: "long", year: "numeric", month: "long", day: "numeric" });
  const wrong = said.filter(([one, other]) => one !== other);
  return [document.querySelector("[data-today]").textContent, today.format(), wrong, said.length];
}"""


@pytest.mark.parametrize("kind", ["article", "arabic"])
async def test_ages_and_dates_are_written_as_the_pages_language_writes_them(site: Site, kind: str) -> None:
    problems: list[str] = []
    async with open_page(site.browser, problems, viewport=PHONE, timezone_id="Pacific/Kiritimati") as page:
        await page.clock.set_fixed_time("2024-02-07T20:05:00Z")
        await page.goto(site.platform.edge + site.paths[kind])
        await expect(page.locator("[data-today]")).not_to_be_empty()
        said, wanted, wrong, asked = await page.evaluate(_DATES)
        # Whether a comma stands behind a weekday is a matter of taste, and of CLDR's year.
        assert [re.sub("[,،]", "", said), wrong, asked] == [re.sub("[,،]", "", wanted), [], 227]
        clock = page.locator("time[data-clock]")
        await expect(clock).to_have_text(
            {"article": re.compile(r"^\d\d:\d\d$"), "arabic": re.compile("^[٠-٩]{2}:[٠-٩]{2}$")}[kind]
        )
    assert said == {"article": "Thursday 8 February 2024", "arabic": "الخميس، ٨ فبراير ٢٠٢٤"}[kind]
    assert problems == []


_LATE_S = 0.4


async def _late(route: Route) -> None:
    await asyncio.sleep(_LATE_S)
    await route.continue_()


_SKIPPED = """() => [...document.querySelectorAll("main *")].filter(
  (one) => one.checkVisibility() && !one.checkVisibility({ contentVisibilityAuto: true })
).length"""


async def _skips(page: Page) -> bool:
    return bool(await page.evaluate(_SKIPPED))


async def _whole(page: Page) -> None:
    """Wait until nothing is left for later."""

    async def is_whole() -> bool:
        return not await _skips(page)

    await eventually(is_whole, what="nothing is left for later")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
async def test_what_is_below_the_first_screen_is_there_without_scrolling(site: Site, script: bool) -> None:
    looked_at = asyncio.Event()

    async def hold(route: Route) -> None:
        await looked_at.wait()
        await route.continue_()

    async with open_page(site.browser, [], viewport=PHONE, java_script_enabled=script) as page:
        await page.route("**/static/*.js", hold)
        await page.goto(site.platform.edge + str(site.article["url"]), wait_until="commit")
        await page.locator(".footer").wait_for(state="attached")
        if script:
            await eventually(lambda: _skips(page), what="something is left for later")
        looked_at.set()
        await page.wait_for_load_state()
        await _whole(page)


# By night a page differs in its colours alone.
_CONTRAST = {"runOnly": ["color-contrast"]}


# A wide window lays these three out in another way; what the others say is the same on a phone.
_WIDE = ("home", "article", "popular")


@pytest.mark.parametrize(
    "viewport", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop", marks=pytest.mark.long)]
)
async def test_axe_finds_nothing_on_any_kind_of_page_by_day_or_night(site: Site, viewport: dict[str, int]) -> None:
    paths = {name: path for name, path in site.paths.items() if viewport is PHONE or name in _WIDE}
    found: list[str] = []
    async with open_page(site.browser, [], viewport=viewport, bypass_csp=True, reduced_motion="reduce") as page:
        for name, path in paths.items():
            await page.goto(site.platform.edge + path)
            await _whole(page)
            for colours, options in (("light", None), ("dark", _CONTRAST)):
                await page.emulate_media(color_scheme=colours)
                # Colours change over 150 ms: what is between two of them is nobody's choice.
                await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
                results = await Axe().run(page, options=options)
                found += [
                    f"{name}, {colours}: {violation['id']}: {node['target']}"
                    for violation in results.response["violations"]
                    for node in violation["nodes"]
                ]

    assert found == []


def _budget() -> dict[str, float]:
    rows = re.findall(r"^\| ([a-z ]+) \| ([0-9.]+)", (ROOT / "docs" / "BUDGET.md").read_text(), re.MULTILINE)
    return {name: float(most) for name, most in rows}


_KINDS = {"document": "html", "stylesheet": "css", "script": "js", "font": "font", "image": ""}


async def _weighed(page: Page, address: str) -> dict[str, float]:
    """What a first visit on a slow network takes: KB on the wire by kind, and how many requests.

    Typefaces and scripts come after the first paint, so that all that their arrival moves is seen.
    """
    found: dict[str, float] = {"html": 0, "css": 0, "js": 0, "font": 0, "requests": 0}

    async def weigh(request: Any) -> None:
        kind = _KINDS.get(request.resource_type)
        found["requests"] += kind is not None
        if kind:
            found[kind] += (await request.sizes())["responseBodySize"] / 1024

    page.on("requestfinished", weigh)
    await page.route("**/static/**", _late)
    await page.goto(address, wait_until="load")
    await page.evaluate("document.fonts.ready")
    return found


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_kind_of_page_keeps_the_budget(site: Site, viewport: dict[str, int]) -> None:
    budget, over = _budget(), []
    kinds = site.paths if viewport is PHONE else {name: site.paths[name] for name in ("home", "article")}
    for name, path in kinds.items():
        async with open_page(site.browser, [], viewport=viewport) as page:
            found = await _weighed(page, site.platform.edge + path)
            arabic = " arabic" if await page.locator("html:lang(ar)").count() else ""
            limits = {**budget, "font": budget["font" + arabic]}
            moves = await _moves(page)
            found["layout shift"] = sum(float(move.partition(":")[0]) for move in moves)
            over += [
                f"{name}: {part} {size:.4g} of {limits[part]}; moved: {moves}"
                for part, size in found.items()
                if size > limits[part]
            ]
            # A typeface that comes late may move a little; what a script writes, nothing.
            over += [f"{name}: {move}" for move in moves if "<time" in move]

    assert over == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/world/the-lamp-at-cape-sanur-2.html", "the lamp at cape sanur html"),
        ("/world/%D9%85%D8%B5%D8%A8%D8%A7%D8%AD_%3Cb%3E", "مصباح b"),
        (
            "/world/a-very-long-headline-of-which-hardly-anybody-remembers-every-word",
            "a very long headline of which hardly anybody remembers every",
        ),
        ("/world/%25/1234", ""),
    ],
)
async def test_a_page_that_is_not_there_offers_to_search_for_the_words_of_its_address(
    site: Site, path: str, words: str
) -> None:
    async with open_page(site.browser, [], viewport=PHONE) as page:
        await page.goto(site.platform.edge + path)
        field = page.locator("#search-q")
        await expect(page.locator("[data-today]")).not_to_be_empty()

        await expect(field).to_have_value(words)


async def test_a_picture_that_does_not_come_leaves_its_words_and_one_that_is_still_to_come_stays(site: Site) -> None:
    article = await site.platform.publish(
        "Two pictures that are lost",
        body=f"![A boat](/media/lost.jpg)\n\n{_BODY}\n\n{_BODY}\n\n{_BODY}\n\n![A sail](/media/kept.jpg)",
        lead_image={"url": "/media/lead.jpg", "alt": "A harbour"},
    )
    await _until(site, str(article["url"]), "A sail")
    async with open_page(site.browser, [], viewport=PHONE) as page:
        await page.goto(site.platform.edge + str(article["url"]))

        await expect(page.locator(".story-picture .missing")).to_have_text("A harbour")
        await expect(page.locator(".body .missing")).to_have_text("A boat")
        await expect(page.locator(".body img")).to_have_attribute("alt", "A sail")
        box = await page.locator(".story-picture .missing").bounding_box()
        assert box is not None
        assert box["height"] < 60
