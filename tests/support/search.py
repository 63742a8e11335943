"""The search service with an index folder of its own, for tests: articles to publish, and questions to ask."""

from collections.abc import AsyncIterator, Callable, Mapping
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
class RunningSearch:
    """A running service with a client, and a producer in place of ingestion."""

    settings: SearchSettings
    client: TestClient[web.Request, web.Application]
    producer: Producer

    async def publish(self, *articles: ArticleState) -> None:
        """Write states of articles to the log."""
        for article in articles:
            await self.producer.send(encode(article))

    async def search(self, q: str, **more: str) -> Answer:
        """The answer to a search; it must be 200."""
        async with self.client.get("/v1/search", params={"q": q, **more}) as answer:
            assert answer.status == 200, await answer.text()
            found: Answer = await answer.json()
            return found

    async def urls(self, q: str, **more: str) -> list[str]:
        """The addresses of the results, best first."""
        return urls_in(await self.search(q, **more))

    async def until(self, q: str, holds: Callable[[list[str]], bool], **more: str) -> None:
        """Wait until a condition holds for the addresses of the results."""
        found: list[str] = []

        async def check() -> bool:
            nonlocal found
            found = await self.urls(q, **more)
            return holds(found)

        await eventually(check, what=lambda: f"{q!r}: {found}", every_s=0.02)

    async def until_ready(self) -> None:
        """Wait until the index is whole and followed."""
        await self.until_status("/health/ready", 200)

    async def until_status(self, path: str, status: int) -> None:
        """Wait until an address is answered with a status."""

        async def answered() -> bool:
            return (await self.client.get(path)).status == status

        await eventually(answered, what=f"{path}: {status}", every_s=0.02)


def items_in(answer: Answer) -> list[Mapping[str, object]]:
    """An answer's results."""
    items = answer["items"]
    assert isinstance(items, list)
    return items


def urls_in(answer: Answer) -> list[str]:
    """The addresses of an answer's results."""
    return [str(item["url"]) for item in items_in(answer)]


def search_settings(kafka: str, folder: Path) -> SearchSettings:
    """Settings for a service with its indexes in a folder."""
    return SearchSettings(kafka=kafka, search_index=folder, kafka_idempotence=False)


@asynccontextmanager
async def running_search(settings: SearchSettings, *, ready: bool = True) -> AsyncIterator[RunningSearch]:
    """A running service, by default once it is ready."""
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    try:
        async with TestClient(TestServer(create_app(settings))) as client:
            service = RunningSearch(settings, client, producer)
            if ready:
                await service.until_ready()
            yield service
    finally:
        await producer.stop()
