"""What readers get from a gateway, over HTTP: pages, their moves, and what is said where there is nothing."""

import asyncio
import re
import socket
import time

import pytest

from services.rendering.gateway.render_ahead import AT_ONCE
from shared.events import ArticleCorrected, ArticleState, ArticleWithdrawn, Message, RankingComputed, encode
from shared.times import now
from tests.support.gateway import Gateway, ProjectorHarness, an_article, open_gateway
from tests.support.polling import eventually, promptly
from tests.support.projector import a_comment


def later(article: ArticleState, kind: type[ArticleState] = ArticleCorrected, **changes: object) -> ArticleState:
    """The article after one more change."""
    return kind.model_validate({**article.model_dump(), "version": article.version + 1, **changes})


def withdrawn(article: ArticleState) -> ArticleState:
    """The article, taken back."""
    return later(article, ArticleWithdrawn, status="withdrawn", body_html="")


async def test_a_published_article_has_its_page_and_its_place_in_every_list(
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


async def test_a_change_is_shown_everywhere_within_a_second(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article(headline="Edition 1.")
    await projector.apply(article)
    for path in (article.url, "/", "/world"):
        await gateway.until_shown(path, "Edition 1.")

    async def take() -> float:
        nonlocal article
        article = later(article, headline=f"Edition {article.version + 1}.")
        began = time.monotonic()
        await projector.apply(article)
        for path in (article.url, "/", "/world"):
            await gateway.until_shown(path, article.headline)
        return time.monotonic() - began

    await promptly(take, within_s=1.0)


async def test_a_withdrawn_article_is_gone_and_may_come_back(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown("/", article.url)

    await projector.apply(withdrawn(article))

    page = await gateway.until(article.url, lambda page: page.status == 410)
    assert article.headline not in page.text
    await gateway.until("/", lambda page: article.url not in page.text)
    await projector.apply(later(withdrawn(article), status="published", body_html="<p>It is back.</p>"))
    await gateway.until_shown(article.url, "It is back.")


async def test_a_former_address_leads_to_the_present_one(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    await projector.apply(later(article, url="/world/a-better-slug", former_urls=(article.url,)))

    page = await gateway.until(article.url, lambda page: page.status == 301)
    assert page.headers["Location"] == "/world/a-better-slug"
    assert (await gateway.get("/world/a-better-slug")).status == 200


async def test_where_nothing_is_readers_find_the_latest(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)

    page = await gateway.until_shown("/world/no-such-thing", article.url)

    assert page.status == 404
    assert "noindex" in page.text


async def test_an_address_with_something_of_a_letter_at_its_end_leads_to_the_article(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    for caught in (".", ",", ")", "%20"):
        page = await gateway.get(article.url + caught)

        assert (page.status, page.headers["Location"]) == (301, article.url)


async def test_an_article_looked_for_in_another_section_is_found_while_it_is_there(
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


async def test_a_first_page_that_there_is_not_yet_leads_to_the_list(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    await projector.apply(article := an_article(tags=("Old Light",)))
    await gateway.until_shown("/tag/old-light", article.url)

    for path in ("/world", "/tag/old-light", "/economy"):
        page = await gateway.get(f"{path}?page=1")

        assert (page.status, page.headers["Location"]) == (302, path)
    await projector.apply(*(an_article(minute=minute) for minute in range(40)))
    await gateway.until("/world?page=1", lambda page: page.status == 200)


async def test_a_page_of_comments_that_there_is_not_is_404(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    assert (await gateway.get(f"{article.url}?comments=99")).status == 404


@pytest.mark.long
async def test_addresses_that_lead_on_push_out_no_page(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article(url="/africa/lamp-lit", slug="lamp-lit", section="africa")
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    async with open_gateway(projector.settings, projector.database, {"page_cache_mib": 1}) as small:
        await small.get("/about")
        for number in range(1000):
            assert (await small.get(f"/world/lamp-lit?comments={100 + number}")).status == 301
        renders = await small.count("wm_rendering_render_seconds_count")
        await small.get("/about")

        assert await small.count("wm_rendering_render_seconds_count") == renders


@pytest.mark.parametrize(
    ("path", "location"),
    [("/world/", "/world"), ("/World", "/world"), ("/world/?page=2&utm_source=x", "/world?page=2")],
)
async def test_one_page_has_one_address(gateway: Gateway, path: str, location: str) -> None:
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
async def test_each_address_has_its_fitting_status(gateway: Gateway, path: str, status: int) -> None:
    page = await gateway.get(path)

    assert page.status == status
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Content-Security-Policy" in page.headers


async def test_older_articles_are_on_numbered_pages_that_lead_to_each_other(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
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


async def test_comments_are_shown_and_older_ones_have_pages_of_their_own(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = an_article()
    comments = [a_comment(article.id, minute=minute, body_html=f"<p>Comment {minute}.</p>") for minute in range(80)]
    await projector.apply(article, *comments)

    await gateway.until_shown(article.url, "Comment 79.")
    older = await gateway.get(f"{article.url}?comments=1")

    assert older.status == 200
    assert "Comment 0." in older.text
    assert (await gateway.get(f"{article.url}?comments=x")).status == 400


async def test_head_says_what_get_would_and_other_methods_are_refused(gateway: Gateway) -> None:
    got, head = await gateway.get("/"), await gateway.get("/", method="HEAD")
    refused = await gateway.get("/", method="POST")

    assert (head.status, head.text) == (200, "")
    assert {**head.headers, "Date": ""} == {**got.headers, "Date": ""}
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


async def test_what_a_client_has_already_is_not_sent_again(projector: ProjectorHarness, gateway: Gateway) -> None:
    tag = (await gateway.get("/", Accept_Encoding="br")).headers["ETag"]

    same = await gateway.get("/", Accept_Encoding="br", If_None_Match=f'"other", W/{tag}')
    other_form = await gateway.get("/", Accept_Encoding="gzip", If_None_Match=tag)

    assert (same.status, same.text, same.headers["ETag"]) == (304, "", tag)
    assert other_form.status == 200
    await projector.apply(article := an_article())
    await gateway.until_shown("/", article.url)
    assert (await gateway.get("/", Accept_Encoding="br", If_None_Match=tag)).status == 200


@pytest.mark.parametrize("encoding", ["br", "gzip", ""])
async def test_each_client_gets_the_page_in_an_encoding_it_knows(gateway: Gateway, encoding: str) -> None:
    plain = await gateway.get("/")

    page = await gateway.get("/", Accept_Encoding=encoding)

    assert page.headers.get("Content-Encoding", "") == encoding
    assert page.text == plain.text
    assert page.headers["Vary"] == "Accept-Encoding"


async def test_files_are_kept_for_ever_under_the_name_of_their_content(gateway: Gateway) -> None:
    home = await gateway.get("/")
    paths = set(re.findall(r'"(/static/[^"]+)"', home.text))

    found = {path: await gateway.get(path, method="HEAD") for path in paths}

    assert {path.rpartition(".")[2] for path in paths} >= {"js", "woff2", "svg"}
    assert all(page.status == 200 for page in found.values())
    assert {page.headers["Cache-Control"] for page in found.values()} == {"public, max-age=31536000, immutable"}
    assert (await gateway.get("/favicon.ico")).status == 200


async def test_trackers_marks_make_no_further_page(gateway: Gateway) -> None:
    await gateway.get("/world")
    renders = await gateway.count("wm_rendering_render_seconds_count")

    for number in range(20):
        assert (await gateway.get(f"/world?utm_source=x{number}&fbclid={number}")).status == 200

    # Some page may have been rendered unasked meanwhile, since an earlier test has moved something in it.
    assert await gateway.count("wm_rendering_render_seconds_count") < renders + 20


async def test_a_herd_is_one_render(gateway: Gateway) -> None:
    renders, moves = await gateway.count("wm_rendering_render_seconds_count"), await _moves(gateway)

    pages = await asyncio.gather(*(gateway.get("/sports") for _ in range(500)))

    assert {page.status for page in pages} == {200}
    # What an earlier test has moved, if this gateway only hears of it now, costs a render of its own; so do pages that are
    # being rendered unasked.
    moved = await _moves(gateway) - moves + AT_ONCE
    assert renders + 1 <= await gateway.count("wm_rendering_render_seconds_count") <= renders + 1 + moved


async def _moves(gateway: Gateway) -> float:
    """How often something had to be rendered again, or was unasked, so far: it moved, or the log was not heard."""
    return sum(
        [
            await gateway.count(f"wm_rendering_{what}_total")
            for what in ("outdated", "cache_dropped", "cache_flushed", "ahead")
        ]
    )


async def test_popular_news_follows_the_ranking_without_a_render(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    for path in (article.url, "/", "/about"):
        await gateway.until(path, lambda page: page.status == 200)
    renders, moves = await gateway.count("wm_rendering_render_seconds_count"), await _moves(gateway)

    await projector.publish_ranking((article.id, "Everybody reads this", 4711), ("other", "And some read that", 3))

    for path in (article.url, "/", "/about"):
        page = await gateway.until_shown(path, "Everybody reads this")
        assert "4,711" in page.text
    # Only what the article itself has moved, if this gateway hears of it now, costs renders.
    moved = await _moves(gateway) - moves + AT_ONCE
    assert await gateway.count("wm_rendering_render_seconds_count") <= renders + moved


async def test_a_ranking_that_cannot_be_read_costs_no_page_and_the_next_one_is_shown(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    unreadable, flushed = "wm_rendering_unreadable_total", "wm_rendering_cache_flushed_total"
    before = await gateway.count(unreadable), await gateway.count(flushed)
    good = encode(RankingComputed(window="24h", computed_at=now()))

    await projector.producer.send(Message(good.topic, b"24h:", b"{", good.headers))
    await projector.publish_ranking(("one", "Read after the poison", 70))
    await gateway.until_shown("/", "Read after the poison")

    assert (await gateway.count(unreadable), await gateway.count(flushed)) == (before[0] + 1, before[1])


async def test_no_page_of_a_gateway_goes_back(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article(headline="Edition 1.")
    await projector.apply(article)
    newest_seen, steps_back, looks = 1, [], 0

    async def read(path: str) -> None:
        nonlocal newest_seen, looks
        while article.version < 25:
            before = newest_seen
            page = await gateway.get(path)
            found = re.search(r"Edition (\d+)\.", page.text)
            if page.status == 200 and found:
                looks += 1
                if int(found[1]) < before:
                    steps_back.append((path, before, int(found[1])))
                newest_seen = max(newest_seen, int(found[1]))
            await asyncio.sleep(0)

    readers = [asyncio.create_task(read(path)) for path in (article.url, "/", "/world", article.url, "/")]
    while article.version < 25:
        article = later(article, headline=f"Edition {article.version + 1}.")
        await projector.apply(article)
    await asyncio.gather(*readers)

    assert steps_back == []
    assert newest_seen > 10
    assert looks > 50


async def test_two_gateways_give_the_same_bytes(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    async with open_gateway(projector.settings, projector.database) as other:
        await projector.apply(article)
        pages = [await one.until_shown("/", article.url) for one in (gateway, other)]
        await projector.apply(withdrawn(article))
        gone = [await one.until(article.url, lambda page: page.status == 410) for one in (gateway, other)]

    assert pages[0].headers["ETag"] == pages[1].headers["ETag"]
    assert gone[0].text == gone[1].text


async def test_without_the_read_model_readers_are_asked_to_come_back(projector: ProjectorHarness) -> None:
    away = {"mongo": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300"}
    async with open_gateway(projector.settings, projector.database, away) as gateway:
        page = await gateway.get("/")

        assert (page.status, page.headers["Retry-After"], page.headers["Cache-Control"]) == (503, "2", "no-store")
        assert "Content-Security-Policy" in page.headers
        assert (await gateway.get("/about")).status == 200


async def test_answers_are_counted_and_timed_by_kind_of_page(gateway: Gateway) -> None:
    for _ in range(3):
        await gateway.get("/world")
    await gateway.get("/world", method="PROPFIND")

    async def counted() -> bool:
        text = (await gateway.get("/metrics")).text
        found = re.search(r'wm_http_requests_total\{method="GET",route="/\{section\}",status="200"\} (\S+)', text)
        return found is not None and float(found[1]) >= 3 and 'method="other"' in text and "PROPFIND" not in text

    await eventually(counted, what="answers are counted")


async def test_a_window_of_popular_news_has_a_page_of_its_own(projector: ProjectorHarness, gateway: Gateway) -> None:
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


async def test_a_search_in_arabic_has_its_page_and_its_popular_news_in_arabic(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    await projector.publish_ranking(("one", "Read by all", 1234))

    page = await gateway.until_shown("/search?language=ar", "Read by all")

    assert '<html lang="ar" dir="rtl">' in page.text
    assert "١٬٢٣٤" in page.text
    assert (page.status, page.headers["Cache-Control"]) == (200, "private, no-cache")
    for unknown in ("xx", "", "ar%0a"):
        assert '<html lang="en" dir="ltr">' in (await gateway.get(f"/search?language={unknown}")).text


@pytest.mark.parametrize("answers", [True, False], ids=["refuses", "says nothing"])
async def test_a_page_of_results_says_so_when_search_is_away_and_the_site_goes_on(
    projector: ProjectorHarness, answers: bool
) -> None:
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        if not answers:
            away.listen()
        changed = {"search": f"http://127.0.0.1:{away.getsockname()[1]}", "search_wait_s": 0.3}
        async with open_gateway(projector.settings, projector.database, changed) as gateway:
            page = await gateway.get("/search?q=lake")
            front = await gateway.get("/")

    assert (page.status, page.headers["Retry-After"], page.headers["Cache-Control"]) == (503, "2", "no-store")
    assert "The presses are busy." in page.text
    assert 'id="masthead-q"' in page.text
    assert front.status == 200
