"""What machines get from gateways, over HTTP: feeds, sitemaps, and how they follow what is published and taken back."""

import json
import re
import time
from datetime import timedelta
from html import unescape
from pathlib import Path

import feedparser
import pytest
from lxml import etree, html
from usp.fetch_parse import XMLSitemapParser

from services.rendering.feeds.sitemaps import NEWS_FOR
from shared.events import ArticleCorrected, ArticleState, ArticleWithdrawn
from shared.times import now, rfc3339
from tests.support.browsing import open_browser
from tests.support.gateway import Gateway, ProjectorHarness, an_article, open_gateway
from tests.support.polling import promptly

SITE = "http://127.0.0.1:8080"
FEEDS = ("feed.xml", "atom.xml", "feed.json")
HOMES = ("", "/world", "/tag/old-light", "/author/ada-b")


def a_recent(**changes: object) -> ArticleState:
    """An article of an hour ago, with a tag and a byline."""
    moment = now() - timedelta(hours=1)
    times = {"published_at": moment, "updated_at": moment, "created_at": moment}
    return an_article(**{"tags": ("Old Light",), "bylines": ("Ada B",), **times, **changes})


def later(article: ArticleState, kind: type[ArticleState] = ArticleCorrected, **changes: object) -> ArticleState:
    """The article after one more change."""
    return kind.model_validate({**article.model_dump(), "version": article.version + 1, "updated_at": now(), **changes})


def withdrawn(article: ArticleState) -> ArticleState:
    """The article, taken back."""
    return later(article, ArticleWithdrawn, status="withdrawn", body_html="")


def locations(text: str) -> dict[str, str | None]:
    """What a sitemap names, each with its `lastmod`."""
    root = etree.fromstring(text.encode())
    return {node.findtext("{*}loc"): node.findtext("{*}lastmod") for node in root}


async def test_an_article_is_whole_in_every_feed_that_it_belongs_to(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = a_recent(headline="The lamp was lit", body_html='<p>By <a href="/tag/x">hand</a>.</p>')
    before = [(await gateway.get(f"{home}/feed.xml")).status for home in HOMES]

    await projector.apply(article)

    assert before == [200, 200, 404, 404]
    for home in HOMES:
        for file in FEEDS:
            page = await gateway.until_shown(f"{home}/{file}", "The lamp was lit")
            assert f"{SITE}{home}/{file}" in page.headers.getall("Link")[0]
            content = json.loads(page.text) if file == "feed.json" else feedparser.parse(page.text)
            found = content["items"][0]["content_html"] if file == "feed.json" else content.entries[0].content[0].value
            assert f'<p>By <a href="{SITE}/tag/x">hand</a>.</p>' in found


NAMING = [*(f"{home}/{file}" for home in HOMES for file in FEEDS), "/news-sitemap.xml", "/sitemap-newest.xml"]


async def test_a_correction_reaches_feeds_and_sitemaps_within_a_second(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = a_recent(headline="Fares rise, edition 1.")
    await projector.apply(article)
    for path in NAMING:
        await gateway.until_shown(path, article.url)

    async def correct() -> float:
        nonlocal article
        article = later(article, headline=f"Fares rise, edition {article.version + 1}.", corrected_at=now())
        began, changed = time.monotonic(), rfc3339(article.updated_at)
        await projector.apply(article)
        for path in NAMING[:-1]:
            await gateway.until_shown(path, article.headline)
        await gateway.until(NAMING[-1], lambda page: locations(page.text).get(SITE + article.url) == changed)
        taken_s = time.monotonic() - began
        assert locations((await gateway.get("/sitemap.xml")).text)[f"{SITE}{NAMING[-1]}"] == changed
        return taken_s

    await promptly(correct, within_s=1)


async def test_a_withdrawal_reaches_feeds_and_sitemaps_within_a_second(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    async def withdraw() -> float:
        article = a_recent(headline="Fares rise in March")
        await projector.apply(article)
        for path in NAMING:
            await gateway.until_shown(path, article.url)
        began = time.monotonic()
        await projector.apply(withdrawn(article))
        for path in NAMING:
            await gateway.until(path, lambda page: article.url not in page.text)
        return time.monotonic() - began

    await promptly(withdraw, within_s=1)


async def test_feeds_are_in_the_order_of_first_publication(projector: ProjectorHarness, gateway: Gateway) -> None:
    articles = [an_article(minute=minute) for minute in range(40)]
    await projector.apply(*articles)
    await projector.apply(later(articles[0], headline="Put right much later"))

    page = await gateway.until_shown("/feed.xml", articles[-1].url)

    found = [entry.link for entry in feedparser.parse(page.text).entries]
    assert found == [SITE + article.url for article in reversed(articles[-20:])]


async def test_two_gateways_agree_on_what_a_client_has_already(projector: ProjectorHarness, gateway: Gateway) -> None:
    await projector.apply(a_recent(headline="Seen by both"))
    async with open_gateway(projector.settings, projector.database) as other:
        for path in ("/feed.xml", "/world/atom.xml", "/feed.json", "/sitemap.xml", "/sitemap-newest.xml"):
            page = await gateway.until(path, lambda page: "Last-Modified" in page.headers)
            tag, moment = page.headers["ETag"], page.headers["Last-Modified"]

            by_tag = await other.get(path, If_None_Match=tag)
            by_date = await other.get(path, If_Modified_Since=moment)
            later_date = await other.get(path, If_Modified_Since="Tue, 01 Jan 2099 00:00:00 GMT")
            older = await other.get(path, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT")
            nonsense = await other.get(path, If_Modified_Since="yesterday")
            other_tag = await other.get(path, If_None_Match='"x"', If_Modified_Since=moment)

            assert [page.status for page in (by_tag, by_date, later_date)] == [304, 304, 304]
            assert [page.status for page in (older, nonsense, other_tag)] == [200, 200, 200]
            assert (older.headers["ETag"], older.headers["Last-Modified"]) == (tag, moment)
            assert by_date.text == ""


async def test_a_sitemap_of_many_articles_is_in_parts_that_together_name_each_once(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    articles = [an_article(minute=minute) for minute in range(400)]
    for start in range(0, 400, 100):
        await projector.apply(*articles[start : start + 100])

    await gateway.until_shown("/sitemap-newest.xml", articles[-1].url)
    index = locations((await gateway.get("/sitemap.xml")).text)
    parts = {url: locations((await gateway.get(url.removeprefix(SITE))).text) for url in index}

    named = [url for url, part in parts.items() if not url.endswith("pages.xml") for url in part]
    assert sorted(named) == sorted(SITE + article.url for article in articles)
    for url, modified in index.items():
        moments = [moment for moment in parts[url].values() if moment]
        assert modified == max(moments, default=None)
    assert set(index) == {f"{SITE}/sitemap-{part}.xml" for part in ("pages", "newest", "1")}
    assert (await gateway.get("/sitemap-2.xml")).status == 404
    assert f"{SITE}/world" in parts[f"{SITE}/sitemap-pages.xml"]


async def test_an_independent_parser_reads_the_sitemaps(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = a_recent(headline="A & <b>")
    await projector.apply(article)

    for path in ("/sitemap-newest.xml", "/news-sitemap.xml"):
        text = (await gateway.until_shown(path, article.url)).text
        parser = XMLSitemapParser(url=SITE + path, content=text, recursion_level=0, web_client=None, parent_urls=set())
        pages = list(parser.sitemap().all_pages())
        assert [page.url for page in pages] == [SITE + article.url]
        if path == "/news-sitemap.xml":
            assert pages[0].news_story.title == "A & <b>"
            assert pages[0].news_story.publish_date == article.published_at
            assert (pages[0].news_story.publication_name, pages[0].news_story.publication_language) == (
                "World Monitor",
                "en",
            )
        else:
            assert pages[0].last_modified == article.updated_at


async def test_the_news_sitemap_holds_two_days_and_is_made_anew_when_an_article_leaves_them(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    leaving = now() - NEWS_FOR + timedelta(seconds=1.5)
    old = a_recent(published_at=leaving - timedelta(hours=1), headline="Too old")
    soon = a_recent(published_at=leaving, headline="Leaving soon")
    await projector.apply(old, soon, a_recent(headline="Here to stay"))

    page = await gateway.until_shown("/news-sitemap.xml", "Here to stay")

    assert "Leaving soon" in page.text
    assert "Too old" not in page.text
    page = await gateway.until("/news-sitemap.xml", lambda page: "Leaving soon" not in page.text)
    assert "Here to stay" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere/feed.xml", 404),
        ("/world/a-slug/feed.xml", 404),
        ("/tag/feed.xml", 404),
        ("/sitemap-99.xml", 404),
        ("/sitemap-0.xml", 404),
        ("/Feed.XML", 301),
        ("/feed.xml/", 301),
        ("/feed.xml?utm_source=x", 200),
    ],
)
async def test_each_address_has_its_fitting_status(gateway: Gateway, path: str, status: int) -> None:
    assert (await gateway.get(path)).status == status


async def test_signposts_lead_where_something_is(gateway: Gateway) -> None:
    robots = await gateway.get("/robots.txt")
    manifest = json.loads((await gateway.get("/site.webmanifest")).text)
    opensearch = etree.fromstring((await gateway.get("/opensearch.xml")).text.encode())

    assert robots.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert f"Sitemap: {SITE}/sitemap.xml" in robots.text
    assert "max-age" in robots.headers["Cache-Control"]
    for icon in manifest["icons"]:
        assert (await gateway.get(icon["src"], method="HEAD")).headers["Content-Type"] == "image/png"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    assert opensearch.find("{*}Url").get("template") == f"{SITE}/search?q={{searchTerms}}"


async def test_an_article_can_be_embedded_until_it_is_withdrawn(projector: ProjectorHarness, gateway: Gateway) -> None:
    picture = {"url": "/media/edition/a.jpg", "alt": "A lake"}
    article = a_recent(headline='A "quoted" <b>headline</b>', standfirst="In <i>short</i>.", lead_image=picture)
    asked = f"/v1/oembed?format=json&maxwidth=480&url={SITE}{article.url}"
    unknown = await gateway.get(asked)
    await projector.apply(article)

    page = await gateway.until(asked, lambda page: page.status == 200)

    card = json.loads(page.text)
    assert unknown.status == 404
    assert page.headers["Content-Type"] == "application/json"
    assert (card["version"], card["type"], card["width"]) == ("1.0", "rich", 480)
    assert card["title"] == article.headline
    assert card["thumbnail_url"] == f"{SITE}/media/edition/a-480.webp"
    shown = html.fromstring(card["html"])
    assert {element.tag for element in shown.iter()} == {"blockquote", "a", "img", "p", "strong", "small"}
    assert shown.findtext(".//strong") == article.headline
    assert all(address.startswith(SITE) for _, _, address, _ in shown.iterlinks())
    assert (await gateway.get(asked, If_None_Match=page.headers["ETag"])).status == 304
    discovery = re.search(r'type="application/json\+oembed"[^>]* href="([^"]+)"', (await gateway.get(article.url)).text)
    assert discovery is not None
    assert (await gateway.get(unescape(discovery[1]).removeprefix(SITE))).status == 200

    await projector.apply(withdrawn(article))

    gone = await gateway.until(asked, lambda page: page.status == 404)
    assert gone.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?url=", 422),
        ("?url=https://other.example/world/a", 404),
        (f"?url={SITE}/world", 404),
        (f"?url={SITE}/world/nothing", 404),
        (f"?url={SITE}/world/nothing&format=xml", 501),
        (f"?url={SITE}/world/nothing&maxwidth=0", 422),
        (f"?url={SITE}/world/nothing&maxwidth=x", 422),
        ("?url=http://[&maxwidth=1", 404),
        ("?" + "&".join(f"a{number}=1" for number in range(40)), 400),
    ],
)
async def test_what_cannot_be_embedded_is_said_in_problem_details(gateway: Gateway, query: str, status: int) -> None:
    page = await gateway.get(f"/v1/oembed{query}")

    assert (page.status, page.headers["Content-Type"]) == (status, "application/problem+json")
    assert json.loads(page.text)["status"] == status


WATCH = (
    "window.refused = []; addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective))"
)
LINKED = (
    "[...document.querySelectorAll('script[type=\"application/ld+json\"]')].map(node => JSON.parse(node.textContent))"
)


async def test_a_browser_refuses_nothing_that_pages_carry_for_machines(
    projector: ProjectorHarness, gateway: Gateway, chromium: Path
) -> None:
    article = a_recent(headline="A </script><script>document.title = 'broken'</script> headline & more")
    await projector.apply(article)
    await gateway.until_shown(article.url, "headline")
    async with open_browser(chromium) as browser:
        page = await browser.new_page()
        await page.add_init_script(WATCH)

        await page.goto(str(gateway.client.make_url(article.url)), wait_until="networkidle")
        session = await page.context.new_cdp_session(page)
        manifest = await session.send("Page.getAppManifest")

        assert await page.evaluate("refused") == []
        assert manifest["errors"] == []
        assert json.loads(manifest["data"])["name"] == "World Monitor"
        found = {thing["@type"]: thing for thing in await page.evaluate(LINKED)}
        assert found["NewsArticle"]["headline"] == await page.inner_text("h1") == article.headline
        assert await page.title() != "broken"
