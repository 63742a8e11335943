"""A WebSub hub is told of feeds that moved, over HTTP, by pings that are gathered, tried again and bounded."""

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
    """A hub that says what it is told to, one status after the other, then 202; and remembers what it was told."""

    statuses: list[int] = field(default_factory=list)
    told: list[list[str]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["hub.mode"] == "publish"
        self.told.append([str(url) for url in form.getall("hub.url")])
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


async def heard(hub: Hub, times: int) -> list[list[str]]:
    async def enough() -> bool:
        return len(hub.told) >= times

    await eventually(enough, what=lambda: hub.told)
    return hub.told


def test_each_list_has_its_feeds() -> None:
    assert feeds_of("site") == ("/feed.xml", "/atom.xml", "/feed.json")
    assert feeds_of("section:world")[0] == "/world/feed.xml"
    assert feeds_of("tag:lakes")[1] == "/tag/lakes/atom.xml"
    assert feeds_of("author:ada-byrne")[2] == "/author/ada-byrne/feed.json"


async def test_many_changes_are_one_ping_that_names_each_feed_once(hub: Hub, pings: HubPings) -> None:
    for _ in range(500):
        pings.lists_moved(["site", "section:world"])

    told = await heard(hub, 1)

    assert told == [[SITE + path for path in (*feeds_of("site"), *feeds_of("section:world"))]]
    assert pings.waiting == 0


async def test_a_hub_that_is_busy_is_tried_again(hub: Hub, pings: HubPings) -> None:
    hub.statuses = [503, 429]

    pings.lists_moved(["site"])

    told = await heard(hub, 3)
    assert told[0] == told[1] == told[2]


async def test_what_a_hub_refuses_is_not_sent_again(hub: Hub, pings: HubPings) -> None:
    hub.statuses = [400]

    pings.lists_moved(["site"])
    await heard(hub, 1)
    pings.lists_moved(["section:world"])

    told = await heard(hub, 2)
    assert told[1] == [SITE + path for path in feeds_of("section:world")]


async def test_what_waits_for_a_hub_that_is_away_is_bounded_and_the_newest() -> None:
    pings = HubPings("http://127.0.0.1:1/hub", SITE)

    for number in range(MAX_WAITING):
        pings.lists_moved([f"tag:t{number}"])

    assert pings.waiting == MAX_WAITING


async def test_without_a_hub_nothing_waits() -> None:
    pings = HubPings("", SITE)

    pings.lists_moved(["site"])

    assert pings.waiting == 0


async def test_a_published_article_reaches_the_hub_and_its_feed_names_it(
    hub: Hub, rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    settings = rendering_settings.model_copy(update={"websub_hub": hub.url, "site_url": SITE})
    article = an_article(tags=(mongo_database,), bylines=("Ada Byrne",))
    # A feed of its own: the log is every test's, and the site's newest may be others.
    feed = f"/tag/{slug_of(mongo_database)}/feed.xml"

    async with open_projector(settings, mongo_database):
        await producer.send(encode(article))

        async def told() -> bool:
            wanted = {f"{SITE}{path}" for path in ("/world/feed.xml", "/author/ada-byrne/feed.xml", feed)}
            return wanted < {url for urls in hub.told for url in urls}

        await eventually(told, what=lambda: hub.told)
    async with open_gateway(settings, mongo_database) as gateway:
        page = await gateway.until_shown(feed, article.url)
    assert page.headers.getall("Link") == [f'<{SITE}{feed}>; rel="self"', f'<{hub.url}>; rel="hub"']
    assert hub.url in page.text
