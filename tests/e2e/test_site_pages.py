"""Pages of the reader's site in Chromium: tabs, links, dates, pictures, and pages that do not exist."""

import re

import pytest
from playwright.async_api import expect

from tests.support.browsing import DESKTOP, PHONE, open_page
from tests.support.polling import eventually
from tests.support.site import BODY, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_page_of_a_withdrawn_arabic_article_is_arabic(site: Site) -> None:
    article = await site.publish("فنار قديم", "أُطفئ.", language="ar")

    await site.platform.act(article, "withdraw", {"reason": "It was not."})

    async def gone() -> str:
        status, text = await site.platform.page(str(article["url"]))
        return text if status == 410 else ""

    assert '<html lang="ar" dir="rtl">' in await eventually(gone, what="the article is gone")


async def test_correction_leads_to_the_changes_of_its_article(site: Site) -> None:
    note = "The keeper had two lamps, not three."
    fields = {"headline": "The keeper of two lamps", "section": "world", "body_markdown": "He had three lamps."}
    article = await site.publish(fields["headline"], fields["body_markdown"])
    edited = await site.platform.edit(article, {**fields, "body_markdown": "He had two lamps."})
    await site.platform.act(edited, "correct", {"note": note})
    await site.until_shown(article["url"], note)
    await site.until_shown("/corrections", note)

    async with open_page(site.browser, [], viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(site.address("/corrections"))
        await page.get_by_role("article").filter(has_text=note).get_by_role("link", name=fields["headline"]).click()
        await page.get_by_role("link", name="What changed").click()
        newest = page.get_by_role("region", name=re.compile("^Corrected"))
        await expect(newest.locator("del")).to_contain_text("three")
        await expect(newest.locator("ins")).to_contain_text("two")
        await expect(newest).to_contain_text(note)
        assert page.url == site.address(f"{article['url']}/history")


async def test_popular_tab_changes_in_place_or_without_script_opens_its_page(site: Site) -> None:
    problems: list[str] = []
    for script in (True, False):
        async with open_page(site.browser, problems, viewport=DESKTOP, java_script_enabled=script) as page:
            await page.goto(site.address("/about"))
            await page.locator(".popular-tabs").get_by_role("link", name="Week").click()
            await expect(page.locator('.popular-tabs [aria-current="true"]')).to_have_text("Week")
            assert page.url == site.address("/about" if script else "/popular?window=7d")
    assert problems == []


async def test_copy_button_is_shown_with_scripts_only_and_copies_the_link(site: Site) -> None:
    problems: list[str] = []
    for script in (True, False):
        context = {"java_script_enabled": script, "permissions": ["clipboard-read", "clipboard-write"]}
        async with open_page(site.browser, problems, viewport=PHONE, **context) as page:
            await page.goto(site.address(site.article["url"]))
            button = page.locator("[data-copy]")
            await expect(button).to_be_visible(visible=script)
            if script:
                await button.click()
                await expect(button).to_have_text("Link copied")
                assert str(await page.evaluate("navigator.clipboard.readText()")).endswith(str(site.article["url"]))
    assert problems == []


# Compares every age and today's date, as our script writes them, with the formats of the browser (CLDR).
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
  const found = Array.from(place.querySelectorAll(":scope > time"), (time) => [time.textContent, wanted[time.dateTime]]);
  const today = new Intl.DateTimeFormat(locale, { weekday: "long", year: "numeric", month: "long", day: "numeric" });
  const wrong = found.filter(([one, other]) => one !== other);
  return [document.querySelector("[data-today]").textContent, today.format(), wrong, found.length];
}"""


@pytest.mark.parametrize("kind", ["article", "arabic"])
async def test_ages_and_dates_follow_the_language_of_the_page(site: Site, kind: str) -> None:
    problems: list[str] = []
    async with open_page(site.browser, problems, viewport=PHONE, timezone_id="Pacific/Kiritimati") as page:
        await page.clock.set_fixed_time("2024-02-07T20:05:00Z")
        await page.goto(site.address(site.paths[kind]))
        await expect(page.locator("[data-today]")).not_to_be_empty()
        today, expected, wrong, checked = await page.evaluate(_DATES)
        # CLDR versions differ in the comma after the weekday.
        assert [re.sub("[,،]", "", today), wrong, checked] == [re.sub("[,،]", "", expected), [], 227]
        clock = page.locator("time[data-clock]")
        await expect(clock).to_have_text(
            {"article": re.compile(r"^\d\d:\d\d$"), "arabic": re.compile("^[٠-٩]{2}:[٠-٩]{2}$")}[kind]
        )
    assert today == {"article": "Thursday 8 February 2024", "arabic": "الخميس، ٨ فبراير ٢٠٢٤"}[kind]
    assert problems == []


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
async def test_missing_page_offers_a_search_for_the_words_of_its_path(site: Site, path: str, words: str) -> None:
    async with open_page(site.browser, [], viewport=PHONE) as page:
        await page.goto(site.address(path))
        field = page.locator("#search-q")
        await expect(page.locator("[data-today]")).not_to_be_empty()

        await expect(field).to_have_value(words)


# Untidy, because browsers report the missing lead image on every page that lists the article.
@pytest.mark.untidy
async def test_failed_picture_is_replaced_by_its_text_and_a_pending_one_stays(site: Site) -> None:
    article = await site.publish(
        "Two pictures that are lost",
        f"![A boat](/media/lost.jpg)\n\n{BODY}\n\n{BODY}\n\n{BODY}\n\n![A sail](/media/kept.jpg)",
        lead_image={"url": "/media/lead.jpg", "alt": "A harbour"},
    )
    async with open_page(site.browser, [], viewport=PHONE) as page:
        await page.goto(site.address(article["url"]))

        await expect(page.locator(".story-picture .missing")).to_have_text("A harbour")
        await expect(page.locator(".body .missing")).to_have_text("A boat")
        await expect(page.locator(".body img")).to_have_attribute("alt", "A sail")
        box = await page.locator(".story-picture .missing").bounding_box()
        assert box is not None
        assert box["height"] < 60
