"""The gateway with what it needs around it, for tests: a projector's functions, rankings, and a client of no manners.

The gateway is the one that production runs, on a server of its own. Events go through the projector's functions and are
announced on Kafka, so that what a test sees has come the whole way, without the seconds that joining a group takes.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDictProxy

from services.rendering.gateway.wiring import create_gateway
from services.rendering.projector.consumers import Projector, ReceivedEvent
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import WINDOWS, Event, RankedArticle, RankingComputed, encode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.site.site import load_site
from shared.times import now
from tests.support.polling import eventually
from tests.support.projector import an_article

Client = TestClient[web.Request, web.Application]

__all__ = ["Gateway", "House", "Page", "an_article", "open_gateway", "open_house"]


@dataclass(frozen=True)
class Page:
    """What a client got."""

    status: int
    headers: CIMultiDictProxy[str]
    text: str


@dataclass
class Gateway:
    """One gateway and a client that follows no redirects and sends only what it is told."""

    client: Client

    async def get(self, path: str, *, method: str = "GET", **headers: str) -> Page:
        """One request; header names with `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(
            method, path, headers=given, allow_redirects=False, skip_auto_headers=("Accept-Encoding",)
        ) as answer:
            return Page(answer.status, answer.headers, await answer.text())

    async def until(self, path: str, holds: Callable[[Page], bool]) -> Page:
        """The first answer of which something holds."""
        page = await self.get(path)

        async def held() -> bool:
            nonlocal page
            page = await self.get(path)
            return holds(page)

        if not holds(page):
            await eventually(held, what=lambda: f"{path}: {page}", every_s=0.02)
        return page

    async def until_shown(self, path: str, text: str) -> Page:
        """The first answer with a text on it."""
        return await self.until(path, lambda page: text in page.text)

    async def is_ready(self) -> bool:
        """What `/health/ready` says."""
        return (await self.get("/health/ready")).status == 200

    async def until_ready(self, ready: bool = True) -> None:
        """Wait until the gateway is ready, or is not."""

        async def as_wanted() -> bool:
            return await self.is_ready() == ready

        await eventually(as_wanted, what=f"ready: {ready}")

    async def count(self, metric: str) -> float:
        """The sum of a metric's series."""
        text = (await self.get("/metrics")).text
        return sum(float(value) for value in re.findall(rf"^{metric}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))


@dataclass
class House:
    """A read model with its projector, and the topics that gateways follow."""

    settings: RenderingSettings
    database: str
    projector: Projector
    producer: Producer

    async def tell(self, *events: Event) -> None:
        """Have the projector apply and announce events."""
        await self.projector.project([ReceivedEvent(event.topic.name, event, now()) for event in events])

    async def rank(self, *ranked: tuple[str, str, int], at: datetime | None = None, **fields: object) -> None:
        """Put a ranking of (id, headline, views) on its topic."""
        items = tuple(
            RankedArticle(article_id=name, headline=headline, url=f"/world/{name}", section="world", views=views)
            for name, headline, views in ranked
        )
        known = {"window": "24h", "section": None, "computed_at": at or now(), "items": items}
        await self.producer.send(encode(RankingComputed.model_validate(known | fields)))

    async def forget_rankings(self) -> None:
        """Nothing was read anywhere: what tests of popularity left on the same broker would be shown where it is longer."""
        sections = [section.slug for section in load_site(self.settings.site).sections]
        blocks = [(window, section) for window in WINDOWS for section in (None, *sections)]
        await self.producer.send(
            *(encode(RankingComputed(window=window, section=section, computed_at=now())) for window, section in blocks)
        )


@asynccontextmanager
async def open_house(settings: RenderingSettings, database: str) -> AsyncIterator[House]:
    """A house for the length of a block."""
    mongo = Mongo(settings.mongo)
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    projector = Projector(ReadModel(mongo, database), producer, DeadLetters(producer, "test"))
    house = House(settings, database, projector, producer)
    try:
        await house.forget_rankings()
        yield house
    finally:
        await producer.stop()
        mongo.close()


@asynccontextmanager
async def open_gateway(
    settings: RenderingSettings, database: str, changes: Mapping[str, object] | None = None
) -> AsyncIterator[Gateway]:
    """A gateway that is ready, for the length of a block."""
    app = create_gateway(settings.model_copy(update=dict(changes or {})), database=database)
    async with TestClient(TestServer(app)) as client:
        gateway = Gateway(client)
        await gateway.until_ready()
        yield gateway
