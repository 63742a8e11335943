"""The gateway: its parts and their life."""

import asyncio
import random
import resource
from collections.abc import AsyncIterator
from time import monotonic

from aiohttp import web

from services.rendering import metrics
from services.rendering.feeds.syndication import Syndication
from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.invalidation import Invalidation
from services.rendering.gateway.live.broadcaster import Broadcaster
from services.rendering.gateway.live.handler import ROUTE as LIVE_ROUTE
from services.rendering.gateway.live.handler import LiveHandler
from services.rendering.gateway.live.topics import LiveTopics
from services.rendering.gateway.oembed import EmbedHandler
from services.rendering.gateway.page_builder import REDIRECT, Found, PageBuilder
from services.rendering.gateway.ready_files import ready_files
from services.rendering.gateway.render_ahead import RenderAhead
from services.rendering.gateway.routes import Gateway
from services.rendering.gateway.search_results import SearchPages, SearchService
from services.rendering.gateway.single_flight import Rendered, RenderLimits, SingleFlight
from services.rendering.gateway.site_files import ready_signposts
from services.rendering.pages.page import Absence, Page
from services.rendering.pages.popular import PopularNews
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.names import DATABASE
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.http.app import answer_first, create_service
from shared.http.batched_metrics import BatchedMetrics
from shared.http.health import HEALTH
from shared.http.ready_response import DateLine
from shared.mongo.client import Mongo
from shared.process.process import start_task, stop_task
from shared.site.site import load_site
from shared.times import now

_MIB = 1024 * 1024
# A backstop: what no announcement has dropped is rendered anew some time, and not all of it at the same moment.
_LIFETIME_S = 600.0
_JITTER = 0.15
_MOST_WAITING = 1024
# Connections of readers who ask for pages, of engines, and files.
_OTHER_FILES = 1024
_MOST_FILES = 1_000_000


def create_gateway(settings: RenderingSettings, *, database: str = DATABASE) -> web.Application:
    """The gateway's application. Override `database` only when several instances share engines (tests)."""
    mongo = Mongo(settings.mongo)
    parts = GatewayParts(settings, ReadModel(mongo, database))
    # No middlewares: the handler of the public paths does their work, most of it beside the hot path.
    app = create_service(settings, [], middlewares=(), refuse=parts.gateway.refuse)

    async def connection(_: web.Application) -> AsyncIterator[None]:
        yield
        mongo.close()

    app.add_routes([web.get(LIVE_ROUTE, parts.listening.listen)])
    app.add_routes([web.route("*", r"/{target:[\s\S]*}", parts.gateway.answer)])
    answer_first(app, parts.gateway.answer_at_once)
    app[HEALTH].add("log", parts.announcements.check)
    app.cleanup_ctx.extend([connection, parts.live])
    app.on_shutdown.append(parts.end_streams)
    return app


class GatewayParts:
    """The objects behind the gateway's routes, and their life."""

    def __init__(self, settings: RenderingSettings, model: ReadModel) -> None:
        site = load_site(settings.site)
        templates = Templates(site, settings.site_url)
        self.date = DateLine()
        syndication = Syndication(site, settings.site_url, settings.websub_hub, self.date, now)
        self.cache: PageCache[Found] = PageCache(
            most_bytes=settings.page_cache_mib * _MIB, most_absence_bytes=settings.page_cache_mib * _MIB // 16
        )
        self.popular = PopularNews(templates.popular, site.language)
        self.hub = Broadcaster(min(settings.live_readers, _room_for_readers()))
        self.news = LiveTopics(model, templates, self.popular, self.hub)
        self.announcements = Invalidation(
            settings, self.cache, self.popular, self.news, model, lambda path: self.ahead.note_known(path)
        )
        model.when_replaced(self.announcements.start_over)
        self.listening = LiveHandler(self.news, self.hub, self.announcements, site, templates.languages, self.date)
        self._tally = BatchedMetrics()
        limits = RenderLimits(settings.renders_at_once, _MOST_WAITING, settings.render_wait_s)
        self.press: SingleFlight[Found] = SingleFlight(self.cache, self._keep, limits)
        maker = PageBuilder(model, templates, site, self.date, now, syndication)
        self.ahead = RenderAhead(self.press, maker, lambda: self.announcements.is_heard)
        self.cache.on_drop = self.ahead.note_dropped
        self._search = SearchService(settings.search_urls, settings.search_wait_s)
        self.gateway = Gateway(
            cache=self.cache,
            popular=self.popular,
            announcements=self.announcements,
            maker=maker,
            press=self.press,
            embeds=EmbedHandler(model, site, settings.site_url, self.date),
            search=SearchPages(self._search, model, templates, site, self.date),
            files={
                **ready_files(self.date, templates.assets),
                **ready_signposts(self.date, site, settings.site_url, templates.assets),
            },
            tally=self._tally,
        )
        metrics.CACHE_BYTES.set_function(lambda: self.cache.size_bytes)
        metrics.CACHE_PAGES.set_function(lambda: len(self.cache))
        metrics.LIVE_READERS.set_function(lambda: len(self.hub))
        metrics.LOG_SILENT_SECONDS.set_function(lambda: self.announcements.silent_s)

    def _keep(self, key: str, made: Rendered[Found]) -> None:
        """Put what was made into the cache, while it is known what moves."""
        if self.announcements.is_heard:
            absent = isinstance(made.page, Absence) or made.page.kind.route == REDIRECT
            self.cache.store(
                key,
                made.page,
                made.versions,
                epoch=made.epoch,
                size_bytes=0 if isinstance(made.page, Absence) else made.page.size_bytes,
                expires_at=monotonic() + _lifetime_s(made.page),
                absent=absent,
            )

    async def _tick(self) -> None:
        """What is done once a second instead of once a request."""
        while True:
            await asyncio.sleep(1.0)
            self.date.tick()
            self._tally.hand_over()

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """Follow the log and the clock as long as the application runs."""
        tasks: list[asyncio.Task[None]] = [
            start_task(self.announcements.run(), "announcements"),
            start_task(self._tick(), "seconds"),
            start_task(self.ahead.run(), "rendering ahead"),
            start_task(self.hub.run(), "live readers"),
            start_task(self.news.run(), "live news"),
        ]
        yield
        for task in tasks:
            await stop_task(task)
        await self._search.close()

    async def end_streams(self, _: web.Application) -> None:
        """LiveTopics readers would keep the gateway from stopping: they are let go first, and come back to another."""
        self.hub.close()


def _room_for_readers() -> int:
    """How many connections the process may hold beside its own files, with the soft limit raised as far as it goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return _MOST_FILES if hard == resource.RLIM_INFINITY else max(0, hard - _OTHER_FILES)


def _lifetime_s(found: Found) -> float:
    """How long it may be kept at most."""
    lifetime_s = _LIFETIME_S * random.uniform(1 - _JITTER, 1 + _JITTER)
    if isinstance(found, Page) and found.until is not None:
        lifetime_s = min(lifetime_s, (found.until - now()).total_seconds())
    return lifetime_s
