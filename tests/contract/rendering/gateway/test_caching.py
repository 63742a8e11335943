"""The page cache over HTTP: shared renders, invalidation, and answers that never go back to an older version."""

import asyncio
import re

import pytest

from services.rendering.gateway.render_ahead import AT_ONCE
from shared.events import Message, RankingComputed, encode
from shared.times import now
from tests.support.gateway import Gateway, ProjectorHarness, an_article, next_version, open_gateway, withdrawn
from tests.support.polling import eventually


async def test_tracking_parameters_cause_no_render(gateway: Gateway) -> None:
    await gateway.get("/world")
    renders = await gateway.renders()

    for number in range(20):
        assert (await gateway.get(f"/world?utm_source=x{number}&fbclid={number}")).status == 200

    # Fewer, not equal: a late event of an earlier test may cause a render ahead.
    assert await gateway.renders() < renders + 20


async def _until_it_rests(gateway: Gateway) -> None:
    """Wait until a gateway that has just started renders nothing ahead."""
    last = -1.0

    async def rests() -> bool:
        nonlocal last
        before, last = last, await gateway.renders()
        return before == last

    await eventually(rests, what="the gateway renders nothing ahead")


async def test_concurrent_requests_share_one_render(gateway: Gateway) -> None:
    await _until_it_rests(gateway)
    renders, extra_before = await gateway.renders(), await _extra_renders(gateway)

    pages = await asyncio.gather(*(gateway.get("/sports") for _ in range(500)))

    assert {page.status for page in pages} == {200}
    # A late event of an earlier test costs a render; so do renders ahead that still run.
    extra = await _extra_renders(gateway) - extra_before + AT_ONCE
    assert renders + 1 <= await gateway.renders() <= renders + 1 + extra


async def _extra_renders(gateway: Gateway) -> float:
    """The causes of further renders so far: outdated renders, dropped or flushed pages, renders ahead."""
    return sum(
        [
            await gateway.count(f"wm_rendering_{name}_total")
            for name in ("outdated", "cache_dropped", "cache_flushed", "ahead")
        ]
    )


async def test_new_ranking_is_shown_without_a_render(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    for path in (article.url, "/", "/about"):
        await gateway.until(path, lambda page: page.status == 200)
    renders, extra_before = await gateway.renders(), await _extra_renders(gateway)

    await projector.publish_ranking((article.id, "Everybody reads this", 4711), ("other", "And some read that", 3))

    for path in (article.url, "/", "/about"):
        page = await gateway.until_shown(path, "Everybody reads this")
        assert "4,711" in page.text
    # Only late events of the article may cost renders.
    extra = await _extra_renders(gateway) - extra_before + AT_ONCE
    assert await gateway.renders() <= renders + extra


async def test_unreadable_ranking_flushes_no_page_and_the_next_is_shown(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    unreadable, flushed = "wm_rendering_unreadable_total", "wm_rendering_cache_flushed_total"
    before = await gateway.count(unreadable), await gateway.count(flushed)
    good = encode(RankingComputed(window="24h", computed_at=now()))

    await projector.producer.send(Message(good.topic, b"24h:", b"{", good.headers))
    await projector.publish_ranking(("one", "Read after the error", 70))
    await gateway.until_shown("/", "Read after the error")

    assert (await gateway.count(unreadable), await gateway.count(flushed)) == (before[0] + 1, before[1])


async def test_no_answer_is_older_than_an_earlier_one(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article(headline="Edition 1.")
    await projector.apply(article)
    newest_seen, older_answers, answers = 1, [], 0

    async def read(path: str) -> None:
        nonlocal newest_seen, answers
        while article.version < 25:
            before = newest_seen
            page = await gateway.get(path)
            found = re.search(r"Edition (\d+)\.", page.text)
            if page.status == 200 and found:
                answers += 1
                if int(found[1]) < before:
                    older_answers.append((path, before, int(found[1])))
                newest_seen = max(newest_seen, int(found[1]))
            await asyncio.sleep(0)

    readers = [asyncio.create_task(read(path)) for path in (article.url, "/", "/world", article.url, "/")]
    while article.version < 25:
        article = next_version(article, headline=f"Edition {article.version + 1}.")
        await projector.apply(article)
    await asyncio.gather(*readers)

    assert older_answers == []
    assert newest_seen > 10
    assert answers > 50


async def test_two_gateways_send_the_same_bytes(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    async with open_gateway(projector.settings, projector.database) as other:
        await projector.apply(article)

        # At the second in which rankings of earlier tests become late, one of them may notice first.
        async def are_the_same() -> bool:
            pages = [await one.until_shown("/", article.url) for one in (gateway, other)]
            return pages[0].headers["ETag"] == pages[1].headers["ETag"]

        await eventually(are_the_same, what="both send the same bytes")
        await projector.apply(withdrawn(article))
        gone = [await one.until(article.url, lambda page: page.status == 410) for one in (gateway, other)]

    assert gone[0].text == gone[1].text


@pytest.mark.long
async def test_redirects_evict_no_page(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article(url="/africa/lamp-lit", slug="lamp-lit", section="africa")
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    async with open_gateway(projector.settings, projector.database, {"page_cache_mib": 1}) as small:
        await small.get("/about")
        for number in range(1000):
            assert (await small.get(f"/world/lamp-lit?comments={100 + number}")).status == 301
        renders = await small.renders()
        await small.get("/about")

        assert await small.renders() == renders
