"""A view from HTTP through Kafka and Redis to a ranking."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from shared.events import ArticleCorrected, ArticleWithdrawn, encode
from tests.support.polling import PATIENCE_S, eventually, promptly
from tests.support.popularity import Popularity, empty_redis, new_article, next_state, running_popularity, settings_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def popularity(kafka_url: str, redis_url: str) -> AsyncIterator[Popularity]:
    async with empty_redis(redis_url, 3) as redis, running_popularity(settings_for(kafka_url, redis)) as running:
        yield running


async def test_view_is_ranked_within_a_second_and_a_half(popularity: Popularity) -> None:
    async def take() -> float:
        article = await popularity.publish()
        began = time.monotonic()
        await popularity.view(article.id)
        await until_ranked(popularity, article.id)
        return time.monotonic() - began

    await promptly(take, within_s=1.5)


async def until_ranked(popularity: Popularity, article: str) -> None:
    """Wait until an article is in the ranking of the site."""

    async def ranked() -> bool:
        return article in [item["article_id"] for item in await popularity.popular()]

    await eventually(ranked, what="the article is ranked")


async def test_view_counts_in_every_window_and_ranks_with_its_card(popularity: Popularity) -> None:
    article = await popularity.publish("The lamp on the pier")

    await popularity.view(article.id)

    await until_ranked(popularity, article.id)
    assert await popularity.count(article.id) == 1
    assert await popularity.count(article.id, "1h") == 1
    item = next(item for item in await popularity.popular(section="world") if item["article_id"] == article.id)
    assert item == {
        "article_id": article.id,
        "headline": "The lamp on the pier",
        "url": article.url,
        "section": "world",
        "views": 1,
    }


async def test_same_event_id_counts_once(popularity: Popularity) -> None:
    article = await popularity.publish()
    event_id = str(uuid4())

    for _ in range(5):
        assert await popularity.view(article.id, event_id=event_id) == event_id
    await popularity.view(article.id)

    await popularity.until_counted(article.id, 2)


async def test_view_of_a_just_published_article_is_accepted(
    popularity: Popularity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.arrival.ARRIVES_WITHIN_S", PATIENCE_S)
    article = new_article()
    await popularity.producer.send(encode(article))

    await popularity.view(article.id)

    await popularity.until_counted(article.id, 1)


async def test_counts_of_a_just_published_article_are_waited_for(
    popularity: Popularity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.arrival.ARRIVES_WITHIN_S", PATIENCE_S)
    article = new_article()
    asking = asyncio.create_task(popularity.count(article.id))
    await popularity.producer.send(encode(article))

    assert await asking == 0


async def test_withdrawn_article_leaves_rankings_and_returns_with_counts(popularity: Popularity) -> None:
    async def withdraw_and_bring_back() -> float:
        article = await popularity.publish()
        await popularity.view(article.id)
        await until_ranked(popularity, article.id)

        async def gone() -> bool:
            ranked = article.id in [item["article_id"] for item in await popularity.popular()]
            return not ranked and (await popularity.api.get(f"/v1/articles/{article.id}/views")).status == 410

        withdrawn = next_state(article, ArticleWithdrawn)
        began = time.monotonic()
        await popularity.producer.send(encode(withdrawn))
        await eventually(gone)
        gone_at = time.monotonic()
        await popularity.producer.send(encode(next_state(withdrawn)))
        await until_ranked(popularity, article.id)
        back_at = time.monotonic()
        assert await popularity.count(article.id) == 1
        return max(gone_at - began, back_at - gone_at)

    await promptly(withdraw_and_bring_back, within_s=3)


async def test_correction_moves_counts_to_the_new_section(popularity: Popularity) -> None:
    article = await popularity.publish(section="world")
    await popularity.view(article.id)
    await popularity.until_counted(article.id, 1)

    corrected = next_state(article, ArticleCorrected, section="economy", headline="Put right")
    await popularity.producer.send(encode(corrected))

    async def in_new_section() -> bool:
        there = [item for item in await popularity.popular(section="economy") if item["article_id"] == article.id]
        here = [item for item in await popularity.popular(section="world") if item["article_id"] == article.id]
        return bool(there) and there[0]["headline"] == "Put right" and there[0]["views"] == 1 and not here

    await eventually(in_new_section)
