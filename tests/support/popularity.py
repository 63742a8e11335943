"""Popularity's two processes as in production, on the session's engines and a Redis database of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from services.popularity.app import create_api, create_counter
from services.popularity.settings import PopularitySettings
from shared.events import ArticleCorrected, ArticlePublished, ArticleState, ArticleWithdrawn, encode
from shared.ids import new_id
from shared.kafka.producer import Producer
from shared.times import now
from tests.support.polling import eventually


@dataclass
class Popularity:
    """A running api and counter."""

    api: "TestClient[aiohttp.web.Request, aiohttp.web.Application]"
    counter: "TestClient[aiohttp.web.Request, aiohttp.web.Application]"
    producer: Producer
    settings: PopularitySettings

    async def publish(self, headline: str = "A headline", *, section: str = "world") -> ArticlePublished:
        """Publish an article and wait until popularity knows it."""
        article = new_article(headline, section=section)
        await self.producer.send(encode(article))
        await eventually(lambda: self.knows(article.id), what="popularity knows the article")
        return article

    async def knows(self, article: str) -> bool:
        """Whether the article's counts can be read."""
        answer = await self.api.get(f"/v1/articles/{article}/views")
        return answer.status == 200

    async def view(self, article: str, **fields: str) -> str:
        """Send a view that must be accepted; returns its event id."""
        answer = await self.api.post("/v1/views", json={"article_id": article, **fields})
        assert answer.status == 202, await answer.text()
        return str((await answer.json())["event_id"])

    async def count(self, article: str, window: str = "all") -> int:
        """The article's views in a window."""
        answer = await self.api.get(f"/v1/articles/{article}/views")
        assert answer.status == 200, await answer.text()
        return int((await answer.json())["views"][window])

    async def until_counted(self, article: str, wanted: int) -> None:
        """Wait until the article has so many views."""

        async def counted() -> bool:
            return await self.count(article) == wanted

        await eventually(counted, what=f"{wanted} views counted")

    async def popular(self, **query: str) -> list[dict[str, object]]:
        """The items of a ranking."""
        answer = await self.api.get("/v1/popular", params={"limit": "100", **query})
        assert answer.status == 200, await answer.text()
        return list((await answer.json())["items"])


def new_article(headline: str = "A headline", *, section: str = "world") -> ArticlePublished:
    """A published article at version 1."""
    identity = new_id()
    return ArticlePublished(
        id=identity,
        version=1,
        status="published",
        slug=identity,
        url=f"/{section}/{identity}",
        headline=headline,
        section=section,
        created_at=now(),
        updated_at=now(),
        published_at=now(),
    )


def next_state(article: ArticleState, kind: type[ArticleState] = ArticleCorrected, **changed: object) -> ArticleState:
    """The article's next version."""
    status = "withdrawn" if kind is ArticleWithdrawn else "published"
    return kind(**{**article.model_dump(), "version": article.version + 1, "status": status, **changed})


def settings_for(kafka: str, redis: str, **changed: object) -> PopularitySettings:
    """Settings as the embedded stack gives them. One Python client sends all views, so each of them counts."""
    settings = PopularitySettings(
        kafka=kafka,
        redis=redis,
        kafka_idempotence=False,
        kafka_hole_wait_ms=500,
        kafka_adopt_new_log=True,
        ranking_every_s=0.2,
        view_filter="off",
        view_repeat_s=0,
    )
    return settings.model_copy(update=changed)


@asynccontextmanager
async def running_popularity(settings: PopularitySettings) -> AsyncIterator[Popularity]:
    """Both processes, ready."""
    producer = Producer(settings.kafka, idempotence=False)
    async with (
        TestClient(TestServer(create_counter(settings))) as counter,
        TestClient(TestServer(create_api(settings))) as api,
    ):
        for client in (counter, api):

            async def ready(of: "TestClient[aiohttp.web.Request, aiohttp.web.Application]" = client) -> bool:
                return (await of.get("/health/ready")).status == 200

            await eventually(ready, what="popularity is ready")
        try:
            yield Popularity(api, counter, producer, settings)
        finally:
            await producer.stop()


@asynccontextmanager
async def empty_redis(url: str, database: int) -> AsyncIterator[str]:
    """The URL of a database of the session's Redis, emptied before and after."""
    client = Redis.from_url(f"{url}/{database}")
    await client.flushdb()
    try:
        yield f"{url}/{database}"
    finally:
        await client.flushdb()
        await client.aclose()
