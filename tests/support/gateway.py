"""Support for gateway tests: a projector without Kafka consumers, rankings, a gateway, and an HTTP client.

The gateway is the one that production runs, on its own server. Events go through the projector's functions, and their changes
are published on Kafka: the whole path except the consumer group, which takes seconds to join.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDictProxy

from services.rendering.gateway.wiring import create_gateway
from services.rendering.projector.consumers import Projector, ReceivedEvent
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import (
    RANKINGS,
    ArticleCorrected,
    ArticlePublished,
    ArticleState,
    ArticleWithdrawn,
    CommentRemoved,
    CommentState,
    Event,
    RankedArticle,
    RankingComputed,
    RankingsChecked,
    encode,
)
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.site.site import load_site
from shared.times import now
from tests.support.polling import eventually
from tests.support.projector import an_article

Client = TestClient[web.Request, web.Application]
SITE_URL = "http://127.0.0.1:8080"

__all__ = [
    "SITE_URL",
    "Gateway",
    "Page",
    "ProjectorHarness",
    "an_article",
    "next_version",
    "open_gateway",
    "open_projector_harness",
    "recent_article",
    "removed",
    "withdrawn",
]


@dataclass(frozen=True)
class Page:
    """A response."""

    status: int
    headers: CIMultiDictProxy[str]
    text: str


@dataclass
class Gateway:
    """A gateway and a client that follows no redirects and adds no headers of its own."""

    client: Client

    async def get(self, path: str, *, method: str = "GET", **headers: str) -> Page:
        """Send one request. Header names have `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(
            method, path, headers=given, allow_redirects=False, skip_auto_headers=("Accept-Encoding",)
        ) as answer:
            return Page(answer.status, answer.headers, await answer.text())

    async def until(self, path: str, holds: Callable[[Page], bool]) -> Page:
        """Repeat a request until its answer meets a condition."""
        page = await self.get(path)

        async def met() -> bool:
            nonlocal page
            page = await self.get(path)
            return holds(page)

        if not holds(page):
            await eventually(met, what=lambda: f"{path}: {page}", every_s=0.02)
        return page

    async def until_shown(self, path: str, text: str) -> Page:
        """Repeat a request until its answer contains a text."""
        return await self.until(path, lambda page: text in page.text)

    async def is_ready(self) -> bool:
        """Whether `/health/ready` answers 200."""
        return (await self.get("/health/ready")).status == 200

    async def until_ready(self, ready: bool = True) -> None:
        """Wait until the gateway is ready, or not ready."""

        async def is_as_expected() -> bool:
            return await self.is_ready() == ready

        await eventually(is_as_expected, what=f"ready: {ready}")

    async def renders(self) -> float:
        """The number of renders since the start of this test process."""
        return await self.count("wm_rendering_render_seconds_count")

    async def count(self, metric: str) -> float:
        """The sum of a metric over all labels."""
        text = (await self.get("/metrics")).text
        return sum(float(value) for value in re.findall(rf"^{metric}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))


@dataclass
class ProjectorHarness:
    """A read model with its projector, and a producer for the topics that gateways follow."""

    settings: RenderingSettings
    database: str
    projector: Projector
    producer: Producer

    async def apply(self, *events: Event) -> None:
        """Apply events to the read model, and publish the changes."""
        await self.projector.project([ReceivedEvent(event.topic.name, event, now()) for event in events])

    async def publish_ranking(
        self, *ranked: tuple[str, str, int], at: datetime | None = None, **fields: object
    ) -> None:
        """Publish a ranking of (id, headline, views)."""
        items = tuple(
            RankedArticle(article_id=name, headline=headline, url=f"/world/{name}", section="world", views=views)
            for name, headline, views in ranked
        )
        defaults = {"window": "24h", "section": None, "computed_at": at or now(), "items": items}
        await self.producer.send(encode(RankingComputed.model_validate(defaults | fields)))

    async def check_rankings(self, at: datetime) -> None:
        """Publish that all rankings were current at this time."""
        await self.producer.send(encode(RankingsChecked(checked_at=at)))

    async def clear_rankings(self) -> None:
        """Publish empty rankings. Tests of popularity on the same broker leave rankings that pages would show."""
        sections = [section.slug for section in load_site(self.settings.site).sections]
        blocks = [(window, section) for window in RANKINGS for section in (None, *sections)]
        await self.producer.send(
            *(encode(RankingComputed(window=window, section=section, computed_at=now())) for window, section in blocks)
        )


def recent_article(**changes: object) -> ArticleState:
    """An article published an hour ago, with a tag and a byline."""
    moment = now() - timedelta(hours=1)
    times = {"published_at": moment, "updated_at": moment, "created_at": moment}
    return an_article(ArticlePublished, **{"tags": ("Old Light",), "bylines": ("Ada B",), **times, **changes})


def next_version(article: ArticleState, kind: type[ArticleState] = ArticleCorrected, **changes: object) -> ArticleState:
    """The next version of an article, with changes."""
    return kind.model_validate({**article.model_dump(), "version": article.version + 1, **changes})


def withdrawn(article: ArticleState, **changes: object) -> ArticleState:
    """The article after its withdrawal."""
    return next_version(article, ArticleWithdrawn, **{"status": "withdrawn", "body_html": "", **changes})


def removed(comment: CommentState) -> CommentState:
    """The comment after its removal by a moderator."""
    changes = {"version": comment.version + 1, "status": "removed", "name": "", "body": "", "body_html": ""}
    return CommentRemoved.model_validate({**comment.model_dump(), **changes})


@asynccontextmanager
async def open_projector_harness(settings: RenderingSettings, database: str) -> AsyncIterator[ProjectorHarness]:
    """A projector over a read model, for the length of a block. Clears the rankings first."""
    mongo = Mongo(settings.mongo)
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    projector = Projector(ReadModel(mongo, database), producer, DeadLetters(producer, "test"))
    harness = ProjectorHarness(settings, database, projector, producer)
    try:
        await harness.clear_rankings()
        yield harness
    finally:
        await producer.stop()
        mongo.close()


@asynccontextmanager
async def open_gateway(
    settings: RenderingSettings, database: str, changes: Mapping[str, object] | None = None
) -> AsyncIterator[Gateway]:
    """A ready gateway, for the length of a block."""
    app = create_gateway(settings.model_copy(update=dict(changes or {})), database=database)
    async with TestClient(TestServer(app)) as client:
        gateway = Gateway(client)
        await gateway.until_ready()
        yield gateway
