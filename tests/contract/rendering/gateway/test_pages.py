"""Pages over HTTP: articles, lists, comments, redirects, errors."""

import re
import time
from datetime import timedelta

import pytest

from shared.times import now
from tests.support.gateway import Gateway, ProjectorHarness, an_article, next_version, withdrawn
from tests.support.polling import promptly
from tests.support.projector import a_comment


async def test_published_article_has_a_page_and_appears_in_every_list(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = an_article(
        headline="The lamp was lit", body_html="<p>By hand.</p>", tags=("Old Light",), bylines=("Ada B",)
    )
    lists = ("/", "/world", "/tag/old-light", "/author/ada-b")
    before = [(await gateway.get(path)).status for path in (article.url, *lists)]

    await projector.apply(article)

    page = await gateway.until_shown(article.url, "By hand.")
    assert before == [404, 200, 200, 404, 404]
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for path in lists:
        assert (await gateway.until_shown(path, f'href="{article.url}"')).status == 200


async def test_change_is_shown_everywhere_within_one_second(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article(headline="Edition 1.")
    await projector.apply(article)
    for path in (article.url, "/", "/world"):
        await gateway.until_shown(path, "Edition 1.")

    async def publish_correction() -> float:
        nonlocal article
        article = next_version(article, headline=f"Edition {article.version + 1}.")
        began = time.monotonic()
        await projector.apply(article)
        for path in (article.url, "/", "/world"):
            await gateway.until_shown(path, article.headline)
        return time.monotonic() - began

    await promptly(publish_correction, within_s=1.0)


async def test_former_path_redirects_to_the_present_one(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    await projector.apply(next_version(article, url="/world/a-better-slug", former_urls=(article.url,)))

    page = await gateway.until(article.url, lambda page: page.status == 301)
    assert page.headers["Location"] == "/world/a-better-slug"
    assert (await gateway.get("/world/a-better-slug")).status == 200


async def test_404_page_lists_the_latest_articles(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)

    page = await gateway.until_shown("/world/no-such-thing", article.url)

    assert page.status == 404
    assert "noindex" in page.text


async def test_path_with_trailing_punctuation_redirects_to_the_article(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    for trailing in (".", ",", ")", "%20"):
        page = await gateway.get(article.url + trailing)

        assert (page.status, page.headers["Location"]) == (301, article.url)


async def test_path_in_the_wrong_section_redirects_until_withdrawal(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = an_article(url="/africa/lamp-lit", slug="lamp-lit", section="africa")
    assert (await gateway.get("/world/lamp-lit")).status == 404
    await projector.apply(article)

    page = await gateway.until("/world/lamp-lit", lambda page: page.status == 301)

    assert page.headers["Location"] == "/africa/lamp-lit"
    assert (await gateway.get("/world/lamp-lit?comments=2")).headers["Location"] == "/africa/lamp-lit?comments=2"
    await projector.apply(withdrawn(article))
    await gateway.until("/world/lamp-lit", lambda page: page.status == 404)


async def test_page_1_of_a_short_list_redirects_to_the_list(projector: ProjectorHarness, gateway: Gateway) -> None:
    await projector.apply(article := an_article(tags=("Old Light",)))
    await gateway.until_shown("/tag/old-light", article.url)

    for path in ("/world", "/tag/old-light", "/economy"):
        page = await gateway.get(f"{path}?page=1")

        assert (page.status, page.headers["Location"]) == (302, path)
    await projector.apply(*(an_article(minute=minute) for minute in range(40)))
    await gateway.until("/world?page=1", lambda page: page.status == 200)


async def test_missing_page_of_comments_is_404(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    assert (await gateway.get(f"{article.url}?comments=99")).status == 404


@pytest.mark.parametrize(
    ("path", "location"),
    [("/world/", "/world"), ("/World", "/world"), ("/world/?page=2&utm_source=x", "/world?page=2")],
)
async def test_other_spelling_of_an_address_redirects(gateway: Gateway, path: str, location: str) -> None:
    page = await gateway.get(path)

    assert (page.status, page.headers["Location"]) == (301, location)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/world?page=0", 400),
        ("/world?page=abc", 400),
        ("/world?page=7", 404),
        ("/tag/unknown?page=1", 404),
        ("/about", 200),
        ("/contact", 200),
        ("/privacy", 200),
        ("/static/site.0000000000.js", 404),
    ],
)
async def test_address_has_the_expected_status(gateway: Gateway, path: str, status: int) -> None:
    page = await gateway.get(path)

    assert page.status == status
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Content-Security-Policy" in page.headers


async def test_older_articles_are_on_numbered_pages(projector: ProjectorHarness, gateway: Gateway) -> None:
    await projector.apply(*(an_article(minute=minute) for minute in range(40)))
    front = await gateway.until_shown("/world", "?page=1")

    older = await gateway.get("/world?page=1")

    assert older.status == 200
    on_front, on_older = (
        set(re.findall(r'card-title"><a href="(/world/[^"]+)"', page.text)) for page in (front, older)
    )
    assert len(on_front | on_older) == 40
    assert not on_front & on_older
    assert (await gateway.get("/world?page=2")).status == 404


async def test_older_comments_are_on_numbered_pages(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    comments = [a_comment(article.id, minute=minute, body_html=f"<p>Comment {minute}.</p>") for minute in range(80)]
    await projector.apply(article, *comments)

    await gateway.until_shown(article.url, "Comment 79.")
    older = await gateway.get(f"{article.url}?comments=1")

    assert older.status == 200
    assert "Comment 0." in older.text
    assert (await gateway.get(f"{article.url}?comments=x")).status == 400


async def test_window_of_popular_news_has_its_own_page(projector: ProjectorHarness, gateway: Gateway) -> None:
    await projector.publish_ranking(("one", "Read this week", 70), window="7d")
    await projector.publish_ranking(("two", "Read in Africa", 7), window="7d", section="africa")

    whole = await gateway.until_shown("/popular?window=7d", "Read this week")
    section = await gateway.until_shown("/popular?section=africa&window=7d", "Read in Africa")
    front = await gateway.get("/")

    assert "Read in Africa" not in whole.text
    assert "Read this week" not in section.text
    assert '<a href="/popular?window=7d" aria-current="true">' in whole.text
    assert 'href="/popular?window=7d"' in front.text
    assert [(await gateway.get(f"/popular?{query}")).status for query in ("window=2h", "section=nowhere")] == [400, 404]


async def test_trending_has_a_page_and_rising_articles_are_on_the_front_page(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    await projector.publish_ranking(("one", "Read more and more", 70), window="trending")
    await projector.publish_ranking(("two", "Suddenly read", 7), window="rising")

    trending = await gateway.until_shown("/popular?window=trending", "Read more and more")
    front = await gateway.until_shown("/", "Suddenly read")

    assert '<a href="/popular?window=trending" aria-current="true">Trending</a>' in trending.text
    assert "70 views" not in trending.text
    assert 'class="rising"' in front.text
    assert 'class="rising"' not in (await gateway.get("/world")).text

    await projector.publish_ranking(("three", "Read today", 7))
    await projector.check_rankings(now() - timedelta(minutes=3))
    await gateway.until_shown("/", "Newer views are not counted yet.")
    await projector.check_rankings(now())
    await gateway.until("/", lambda page: "Newer views" not in page.text)


async def test_arabic_search_page_has_arabic_popular_news(projector: ProjectorHarness, gateway: Gateway) -> None:
    await projector.publish_ranking(("one", "Read by all", 1234))

    page = await gateway.until_shown("/search?language=ar", "Read by all")

    assert '<html lang="ar" dir="rtl">' in page.text
    assert "١٬٢٣٤" in page.text
    assert (page.status, page.headers["Cache-Control"]) == (200, "private, no-cache")
    for unknown in ("xx", "", "ar%0a"):
        assert '<html lang="en" dir="ltr">' in (await gateway.get(f"/search?language={unknown}")).text
