"""The search service on a log and in a folder of its own, for tests: articles to tell it, and questions to ask."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.search.app import create_app
from services.search.settings import SearchSettings
from shared.events import ArticleState, encode
from shared.kafka.producer import Producer
from tests.support.polling import eventually

Answer = dict[str, object]


@dataclass
class House:
    """A running service with a client, and a producer for what ingestion would say."""

    settings: SearchSettings
    client: TestClient[web.Request, web.Application]
    producer: Producer

    async def tell(self, *articles: ArticleState) -> None:
        """Put states of articles on the log."""
        for article in articles:
            await self.producer.send(encode(article))

    async def ask(self, q: str, **more: str) -> Answer:
        """A search that must be answered."""
        async with self.client.get("/v1/search", params={"q": q, **more}) as answer:
            assert answer.status == 200, await answer.text()
            found: Answer = await answer.json()
            return found

    async def found(self, q: str, **more: str) -> list[str]:
        """The addresses that are found, best first."""
        return addresses(await self.ask(q, **more))

    async def until(self, q: str, holds: Callable[[list[str]], bool], **more: str) -> list[str]:
        """What is found once something holds of it."""
        found: list[str] = []

        async def held() -> bool:
            nonlocal found
            found = await self.found(q, **more)
            return holds(found)

        await eventually(held, what=lambda: f"{q!r}: {found}", every_s=0.02)
        return found

    async def until_ready(self) -> None:
        """Wait until the index is whole and followed."""
        await self.until_status("/health/ready", 200)

    async def until_status(self, path: str, status: int) -> None:
        """Wait until an address is answered so."""

        async def answered() -> bool:
            return (await self.client.get(path)).status == status

        await eventually(answered, what=f"{path}: {status}", every_s=0.02)


def addresses(answer: Answer) -> list[str]:
    """The addresses in an answer."""
    items = answer["items"]
    assert isinstance(items, list)
    return [item["url"] for item in items]


def search_settings(kafka: str, folder: Path) -> SearchSettings:
    """Settings for a service in a folder."""
    return SearchSettings(kafka=kafka, search_index=folder, kafka_idempotence=False)


@asynccontextmanager
async def open_house(settings: SearchSettings, *, ready: bool = True) -> AsyncIterator[House]:
    """A service for the length of a block."""
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    try:
        async with TestClient(TestServer(create_app(settings))) as client:
            house = House(settings, client, producer)
            if ready:
                await house.until_ready()
            yield house
    finally:
        await producer.stop()
