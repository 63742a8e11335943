"""An article's page in a browser: the line about its age, the links for sharing, and the number of views."""

from dataclasses import replace

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.support import look_samples as samples
from tests.support.browsing import open_page
from tests.support.page_server import TEMPLATES, PageServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.mark.parametrize(
    ("rendered_age", "now", "line"),
    [
        (0, "2027-11-23T09:00:00Z", None),
        (0, "2027-11-23T09:05:08Z", "This article is more than a year old."),
        (2, "2028-11-24T09:05:08Z", "This article is more than two years old."),
        (2, "2029-11-23T09:05:08Z", "This article is more than three years old."),
    ],
)
async def test_page_rendered_before_an_articles_birthday_shows_its_age(
    browser: Browser, rendered_age: int, now: str, line: str | None
) -> None:
    server = PageServer(
        samples.popular(), {"article": TEMPLATES.article(replace(samples.article(), years_old=rendered_age))}
    )
    async with serving(server), open_page(browser, [], viewport=NARROW) as page:
        await page.clock.set_fixed_time(now)
        await page.goto(server.address("article"))
        await expect(page.locator("[data-today]")).not_to_be_empty()
        shown = page.locator(".old")
        if line is None:
            await expect(shown).to_be_hidden()
        else:
            await expect(shown).to_have_text(line)
            await expect(shown).to_be_visible()


async def test_no_row_of_links_for_sharing_has_a_single_link(browser: Browser) -> None:
    server = PageServer(samples.popular(), {"article": TEMPLATES.article(samples.article())})
    async with serving(server), open_page(browser, [], viewport=NARROW) as page:
        await page.goto(server.address("article"))
        tops = await page.locator(".share > li").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().top)"
        )

    assert min(tops.count(top) for top in tops) > 1


@pytest.mark.parametrize(("count", "text"), [(0, ""), (3, "Views 3")])
async def test_number_of_views_is_shown_from_the_first_view_on(browser: Browser, count: int, text: str) -> None:
    article = samples.article()
    path = f"/v1/articles/{article.article_id}/views"
    answers = {path: {"article_id": article.article_id, "views": {"all": count}}}
    server = PageServer(samples.popular(), {"article": TEMPLATES.article(article)}, answers)
    async with serving(server), open_page(browser, [], viewport=NARROW) as page:
        async with page.expect_response(f"**{path}") as asked:
            await page.goto(server.address("article"))
        await (await asked.value).finished()
        await page.wait_for_load_state("networkidle")
        # The line has a picture for browsers without scripts, whose markup is no text that a reader sees.
        await expect(page.locator("[data-views]")).to_have_text(text, use_inner_text=True)


_RECORD_BEACONS = """
window.shown = "visible";
window.beacons = [];
Object.defineProperty(document, "visibilityState", { get: () => window.shown });
Navigator.prototype.sendBeacon = (address, body) => window.beacons.push([address, JSON.parse(body)]);
"""


async def test_view_is_sent_once_after_a_second_of_visibility_in_parts(browser: Browser) -> None:
    article = samples.article()
    server = PageServer(samples.popular(), {"article": TEMPLATES.article(article)})
    async with serving(server), open_page(browser, [], viewport=NARROW) as page:
        await page.add_init_script(_RECORD_BEACONS)
        await page.clock.install()
        await page.goto(server.address("article"), referer="https://blog.example/")
        await page.clock.run_for(800)
        early = await page.evaluate("window.beacons")
        await page.evaluate("window.shown = 'hidden'")
        await page.clock.run_for(60_000)
        hidden = await page.evaluate("window.beacons")
        await page.evaluate("window.shown = 'visible'")
        await page.clock.run_for(60_000)
        sent = await page.evaluate("window.beacons")

    assert early == hidden == []
    [(address, body)] = sent
    assert address == "/v1/views"
    assert body.keys() == {"article_id", "event_id", "referrer"}
    assert (body["article_id"], body["referrer"]) == (article.article_id, "https://blog.example/")


async def test_view_without_scripts_is_a_picture(browser: Browser) -> None:
    article = samples.article()
    server = PageServer(samples.popular(), {"article": TEMPLATES.article(article)})
    pixel = f"**/v1/views/pixel.gif?article_id={article.article_id}"
    async with serving(server), open_page(browser, [], viewport=NARROW, java_script_enabled=False) as page:
        async with page.expect_request(pixel) as asked:
            await page.goto(server.address("article"))
        headers = await (await asked.value).all_headers()

    assert headers["referer"] == server.address("article")
