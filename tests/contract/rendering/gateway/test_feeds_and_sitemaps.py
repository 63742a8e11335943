"""Feeds and sitemaps over HTTP: contents, conditional requests, and how they follow changes."""

import json
import time
from datetime import timedelta

import feedparser
import pytest
from lxml import etree
from usp.tree import sitemap_from_str

from services.rendering.feeds.sitemaps import NEWS_FOR
from shared.times import now, rfc3339
from tests.support.gateway import (
    SITE_URL,
    Gateway,
    ProjectorHarness,
    an_article,
    next_version,
    open_gateway,
    recent_article,
    withdrawn,
)
from tests.support.look_samples import facts as facts_of_a_picture
from tests.support.polling import promptly

FEEDS = ("feed.xml", "atom.xml", "feed.json")
HOMES = ("", "/world", "/tag/old-light", "/author/ada-b")
PATHS = [*(f"{home}/{file}" for home in HOMES for file in FEEDS), "/news-sitemap.xml", "/sitemap-newest.xml"]


def locations(text: str) -> dict[str, str | None]:
    """The addresses in a sitemap, each with its `lastmod`."""
    root = etree.fromstring(text.encode())
    return {node.findtext("{*}loc"): node.findtext("{*}lastmod") for node in root}


async def test_every_feed_of_an_article_has_its_full_text(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = recent_article(headline="The lamp was lit", body_html='<p>By <a href="/tag/x">hand</a>.</p>')
    before = [(await gateway.get(f"{home}/feed.xml")).status for home in HOMES]

    await projector.apply(article)

    assert before == [200, 200, 404, 404]
    for home in HOMES:
        for file in FEEDS:
            page = await gateway.until_shown(f"{home}/{file}", "The lamp was lit")
            assert f"{SITE_URL}{home}/{file}" in page.headers.getall("Link")[0]
            content = json.loads(page.text) if file == "feed.json" else feedparser.parse(page.text)
            found = content["items"][0]["content_html"] if file == "feed.json" else content.entries[0].content[0].value
            assert f'<p>By <a href="{SITE_URL}/tag/x">hand</a>.</p>' in found


async def test_correction_reaches_feeds_and_sitemaps_within_one_second(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = recent_article(headline="Fares rise, edition 1.")
    await projector.apply(article)
    for path in PATHS:
        await gateway.until_shown(path, article.url)

    async def correct() -> float:
        nonlocal article
        article = next_version(
            article, headline=f"Fares rise, edition {article.version + 1}.", corrected_at=now(), updated_at=now()
        )
        began, changed = time.monotonic(), rfc3339(article.updated_at)
        await projector.apply(article)
        for path in PATHS[:-1]:
            await gateway.until_shown(path, article.headline)
        await gateway.until(PATHS[-1], lambda page: locations(page.text).get(SITE_URL + article.url) == changed)
        taken_s = time.monotonic() - began
        assert locations((await gateway.get("/sitemap.xml")).text)[f"{SITE_URL}{PATHS[-1]}"] == changed
        return taken_s

    await promptly(correct, within_s=1)


async def test_withdrawal_reaches_feeds_and_sitemaps_within_one_second(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    async def withdraw() -> float:
        article = recent_article(headline="Fares rise in March")
        await projector.apply(article)
        for path in PATHS:
            await gateway.until_shown(path, article.url)
        began = time.monotonic()
        await projector.apply(withdrawn(article, updated_at=now()))
        for path in PATHS:
            await gateway.until(path, lambda page: article.url not in page.text)
        return time.monotonic() - began

    await promptly(withdraw, within_s=1)


async def test_feed_is_in_the_order_of_first_publication(projector: ProjectorHarness, gateway: Gateway) -> None:
    articles = [an_article(minute=minute) for minute in range(40)]
    await projector.apply(*articles)
    await projector.apply(next_version(articles[0], headline="Put right much later", updated_at=now()))

    page = await gateway.until_shown("/feed.xml", articles[-1].url)

    found = [entry.link for entry in feedparser.parse(page.text).entries]
    assert found == [SITE_URL + article.url for article in reversed(articles[-20:])]


async def test_two_gateways_agree_on_conditional_requests(projector: ProjectorHarness, gateway: Gateway) -> None:
    await projector.apply(recent_article(headline="Seen by both"))
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


async def test_sitemap_parts_name_each_of_many_articles_once(projector: ProjectorHarness, gateway: Gateway) -> None:
    articles = [an_article(minute=minute) for minute in range(400)]
    for start in range(0, 400, 100):
        await projector.apply(*articles[start : start + 100])

    await gateway.until_shown("/sitemap-newest.xml", articles[-1].url)
    index = locations((await gateway.get("/sitemap.xml")).text)
    parts = {url: locations((await gateway.get(url.removeprefix(SITE_URL))).text) for url in index}

    named = [url for url, part in parts.items() if not url.endswith("pages.xml") for url in part]
    assert sorted(named) == sorted(SITE_URL + article.url for article in articles)
    for url, modified in index.items():
        moments = [moment for moment in parts[url].values() if moment]
        assert modified == max(moments, default=None)
    assert set(index) == {f"{SITE_URL}/sitemap-{part}.xml" for part in ("pages", "newest", "1")}
    assert (await gateway.get("/sitemap-2.xml")).status == 404
    assert f"{SITE_URL}/world" in parts[f"{SITE_URL}/sitemap-pages.xml"]


async def test_independent_parser_reads_the_sitemaps(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = recent_article(headline="A & <b>")
    await projector.apply(article)

    for path in ("/sitemap-newest.xml", "/news-sitemap.xml"):
        text = (await gateway.until_shown(path, article.url)).text
        pages = list(sitemap_from_str(text).all_pages())
        assert [page.url for page in pages] == [SITE_URL + article.url]
        if path == "/news-sitemap.xml":
            story = pages[0].news_story
            assert story is not None
            assert (story.title, story.publish_date) == ("A & <b>", article.published_at)
            assert (story.publication_name, story.publication_language) == ("World Monitor", "en")
        else:
            assert pages[0].last_modified == article.updated_at


async def test_news_sitemap_drops_an_article_after_two_days(projector: ProjectorHarness, gateway: Gateway) -> None:
    leaving = now() - NEWS_FOR + timedelta(seconds=1.5)
    old = recent_article(published_at=leaving - timedelta(hours=1), headline="Too old")
    soon = recent_article(published_at=leaving, headline="Leaving soon")
    await projector.apply(old, soon, recent_article(headline="Here to stay"))

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
async def test_address_has_the_expected_status(gateway: Gateway, path: str, status: int) -> None:
    assert (await gateway.get(path)).status == status


async def test_picture_of_the_store_is_in_lists_feeds_news_and_cards(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    facts = facts_of_a_picture(0)
    folder = f"{SITE_URL}/media/{facts.folder}"
    figure = f'<figure class="picture"><picture><img src="{facts.original_path}" srcset="/a 640w" alt="B"></picture></figure>'
    picture = {"url": facts.original_path, "alt": "A harbour", "credit": "Photo: A. B.", "media": facts.model_dump()}
    article = recent_article(headline="Ships at anchor", lead_image=picture, body_html=figure)
    await projector.apply(article)

    section = await gateway.until_shown("/world", article.headline)
    pages = {file: (await gateway.until_shown(f"/{file}", article.headline)).text for file in FEEDS}
    news = etree.fromstring((await gateway.until_shown("/news-sitemap.xml", article.url)).text.encode())
    card = json.loads((await gateway.get(f"/v1/oembed?url={SITE_URL}{article.url}")).text)

    assert 'src="/media/0123456789abcdef/16x9-1920-0a1b2c3d.jpg"' in section.text
    for file in ("feed.xml", "atom.xml"):
        entry = feedparser.parse(pages[file]).entries[0]
        assert [(one.href, one.length, one.type) for one in entry.enclosures] == [
            (SITE_URL + facts.original_path, "456789", "image/jpeg")
        ]
        assert f'src="{folder}/full-960-0a1b2c3d.jpg"' in entry.content[0].value
    content = json.loads(pages["feed.json"])["items"][0]
    assert content["image"] == f"{folder}/16x9-1280-0a1b2c3d.jpg"
    assert (
        f'<figure class="picture"><img src="{SITE_URL}{facts.original_path}" alt="B"></figure>'
        in content["content_html"]
    )
    assert [node.text for node in news.iter("{*}loc")] == [
        SITE_URL + article.url,
        f"{folder}/16x9-1280-0a1b2c3d.jpg",
    ]
    assert (card["thumbnail_url"], card["thumbnail_width"], card["thumbnail_height"]) == (
        f"{folder}/16x9-480-0a1b2c3d.jpg",
        480,
        270,
    )
    assert f'<img src="{folder}/16x9-1280-0a1b2c3d.jpg" alt="A harbour" width="600" height="337">' in card["html"]
