"""Pings to a WebSub hub about changed feeds: gathered, retried, bounded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.rendering.projector.websub import MAX_WAITING, HubPings, feeds_of
from services.rendering.readmodel.slugs import slug_of
from services.rendering.settings import RenderingSettings
from shared.events import encode
from shared.kafka.producer import Producer
from shared.process.process import stop_task
from tests.support.gateway import an_article, open_gateway
from tests.support.polling import eventually
from tests.support.projector import open_projector

SITE = "https://monitor.example"


@dataclass
class Hub:
    """A hub that records pings. It answers with the given statuses, then with 202."""

    statuses: list[int] = field(default_factory=list)
    pings: list[list[str]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["hub.mode"] == "publish"
        self.pings.append([str(url) for url in form.getall("hub.url")])
        return web.Response(status=self.statuses.pop(0) if self.statuses else 202)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    app = web.Application()
    app.add_routes([web.post("/hub", hub.take)])
    async with TestServer(app) as server:
        hub.url = str(server.make_url("/hub"))
        yield hub


@pytest.fixture
async def pings(hub: Hub) -> AsyncIterator[HubPings]:
    pings = HubPings(hub.url, SITE, gather_s=0.05, first_wait_s=0.02)
    task = asyncio.create_task(pings.run())
    yield pings
    await stop_task(task)


async def pings_at(hub: Hub, count: int) -> list[list[str]]:
    async def enough() -> bool:
        return len(hub.pings) >= count

    await eventually(enough, what=lambda: hub.pings)
    return hub.pings


def test_every_list_has_three_feeds() -> None:
    assert feeds_of("site") == ("/feed.xml", "/atom.xml", "/feed.json")
    assert feeds_of("section:world")[0] == "/world/feed.xml"
    assert feeds_of("tag:lakes")[1] == "/tag/lakes/atom.xml"
    assert feeds_of("author:ada-byrne")[2] == "/author/ada-byrne/feed.json"


async def test_many_changes_are_one_ping_with_each_feed_once(hub: Hub, pings: HubPings) -> None:
    for _ in range(500):
        pings.enqueue(["site", "section:world"])

    sent = await pings_at(hub, 1)

    assert sent == [[SITE + path for path in (*feeds_of("site"), *feeds_of("section:world"))]]
    assert pings.waiting == 0


async def test_ping_is_retried_while_the_hub_is_busy(hub: Hub, pings: HubPings) -> None:
    hub.statuses = [503, 429]

    pings.enqueue(["site"])

    sent = await pings_at(hub, 3)
    assert sent[0] == sent[1] == sent[2]


async def test_ping_refused_by_the_hub_is_not_retried(hub: Hub, pings: HubPings) -> None:
    hub.statuses = [400]

    pings.enqueue(["site"])
    await pings_at(hub, 1)
    pings.enqueue(["section:world"])

    sent = await pings_at(hub, 2)
    assert sent[1] == [SITE + path for path in feeds_of("section:world")]


async def test_waiting_pings_are_bounded() -> None:
    pings = HubPings("http://127.0.0.1:1/hub", SITE)

    for number in range(MAX_WAITING):
        pings.enqueue([f"tag:t{number}"])

    assert pings.waiting == MAX_WAITING


async def test_without_a_hub_no_ping_waits() -> None:
    pings = HubPings("", SITE)

    pings.enqueue(["site"])

    assert pings.waiting == 0


async def test_published_article_pings_the_hub_for_its_feeds(
    hub: Hub, rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    settings = rendering_settings.model_copy(update={"websub_hub": hub.url, "site_url": SITE})
    article = an_article(tags=(mongo_database,), bylines=("Ada Byrne",))
    # A tag of its own: all tests share the log, so the site's newest articles may come from other tests.
    feed = f"/tag/{slug_of(mongo_database)}/feed.xml"

    async with open_projector(settings, mongo_database):
        await producer.send(encode(article))

        async def pinged() -> bool:
            wanted = {f"{SITE}{path}" for path in ("/world/feed.xml", "/author/ada-byrne/feed.xml", feed)}
            return wanted < {url for urls in hub.pings for url in urls}

        await eventually(pinged, what=lambda: hub.pings)
    async with open_gateway(settings, mongo_database) as gateway:
        page = await gateway.until_shown(feed, article.url)
    assert page.headers.getall("Link") == [f'<{SITE}{feed}>; rel="self"', f'<{hub.url}>; rel="hub"']
    assert hub.url in page.text
