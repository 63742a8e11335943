"""Wires the gateway: its parts, its routes, its background tasks."""

import asyncio
import random
import resource
from collections.abc import AsyncIterator
from time import monotonic

from aiohttp import web

from services.rendering import metrics
from services.rendering.feeds.syndication import Syndication
from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.internal import LARGEST_BODY_BYTES, PREFIX, InternalHandler, internal_app
from services.rendering.gateway.invalidation import Invalidation
from services.rendering.gateway.known_addresses import KnownAddresses
from services.rendering.gateway.live.broadcaster import Broadcaster
from services.rendering.gateway.live.handler import ROUTE as LIVE_ROUTE
from services.rendering.gateway.live.handler import LiveHandler
from services.rendering.gateway.live.topic_content import TopicReader
from services.rendering.gateway.live.topics import LiveTopics
from services.rendering.gateway.oembed import EmbedHandler
from services.rendering.gateway.page_builder import REDIRECT, PageBuilder, PageOrAbsence
from services.rendering.gateway.past_rankings import PastRankings
from services.rendering.gateway.render_ahead import RenderAhead
from services.rendering.gateway.routes import Gateway
from services.rendering.gateway.search_results import SearchClient, SearchPages
from services.rendering.gateway.service_client import ServiceClient
from services.rendering.gateway.single_flight import Rendered, RenderLimits, SingleFlight
from services.rendering.gateway.site_files import site_files
from services.rendering.gateway.traces import Traces
from services.rendering.pages.addresses import CORRECTIONS
from services.rendering.pages.page import Absence, Page
from services.rendering.pages.popular import PATH as POPULAR
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
# A backstop: every page is rendered again after this time, with jitter so that they do not all expire at once.
_LIFETIME_S = 600.0
_JITTER = 0.15
_MOST_WAITING = 1024
# File descriptors kept free of live readers: for page requests, connections to engines, and files.
_OTHER_FILES = 1024
_MOST_FILES = 1_000_000


def create_gateway(settings: RenderingSettings, *, database: str = DATABASE) -> web.Application:
    """The gateway's application. Override `database` only when several instances share engines (tests)."""
    mongo = Mongo(settings.mongo)
    parts = GatewayParts(settings, ReadModel(mongo, database))
    # No middlewares: the handler of the public paths does their work, most of it off the fast path.
    app = create_service(
        settings, [], middlewares=(), largest_body_bytes=LARGEST_BODY_BYTES, refuse=parts.gateway.refuse
    )

    async def connection(_: web.Application) -> AsyncIterator[None]:
        yield
        mongo.close()

    app.add_subapp(PREFIX, internal_app(parts.internal_handler))
    app.add_routes([web.get(LIVE_ROUTE, parts.live_handler.listen)])
    app.add_routes([web.route("*", r"/{target:[\s\S]*}", parts.gateway.answer)])
    answer_first(app, parts.gateway.answer_from_cache)
    app[HEALTH].add("log", parts.invalidation.check)
    app.cleanup_ctx.extend([connection, parts.run])
    app.on_shutdown.append(parts.close_streams)
    return app


class GatewayParts:
    """The objects behind the gateway's routes, and their background tasks."""

    def __init__(self, settings: RenderingSettings, model: ReadModel) -> None:
        site = load_site(settings.site)
        templates = Templates(site, settings.site_url, notifies=settings.reply_mails == "on")
        self.date = DateLine()
        syndication = Syndication(site, settings.site_url, settings.websub_hub, self.date, now)
        self.cache: PageCache[PageOrAbsence] = PageCache(
            most_bytes=settings.page_cache_mib * _MIB, most_absence_bytes=settings.page_cache_mib * _MIB // 16
        )
        self.known = KnownAddresses(
            ["/", POPULAR, CORRECTIONS, *templates.own_pages, *(f"/{section.slug}" for section in site.sections)]
        )
        self.popular = PopularNews(templates.popular, site.language)
        self.broadcaster = Broadcaster(min(settings.live_readers, _raise_file_limit()))
        self.live_topics = LiveTopics(TopicReader(model, templates), self.popular, self.broadcaster)
        self.traces = Traces()
        self.invalidation = Invalidation(
            settings,
            self.cache,
            self.popular,
            self.live_topics,
            model,
            self.traces,
            self._expect_page,
        )
        model.when_replaced(self.invalidation.flush)
        self.live_handler = LiveHandler(
            self.live_topics,
            self.broadcaster,
            lambda: self.invalidation.is_following,
            site,
            templates.languages,
            self.date,
        )
        self._batched_metrics = BatchedMetrics()
        limits = RenderLimits(settings.renders_at_once, _MOST_WAITING, settings.render_wait_s)
        self.single_flight: SingleFlight[PageOrAbsence] = SingleFlight(
            self.cache, self._store, limits, self.known.is_known
        )
        self._popularity_client = ServiceClient("popularity", settings.popularity_urls, settings.popularity_wait_s)
        past_rankings = PastRankings(self._popularity_client, now)
        page_builder = PageBuilder(model, templates, site, self.date, now, syndication, past_rankings)
        self.render_ahead = RenderAhead(self.single_flight, page_builder, lambda: self.invalidation.is_following)
        self.cache.on_drop = self.render_ahead.on_drop
        self.internal_handler = InternalHandler(
            model=model,
            templates=templates,
            popular=self.popular,
            invalidation=self.invalidation,
            traces=self.traces,
            date=self.date,
            clock=now,
        )
        self._search_client = SearchClient(settings.search_urls, settings.search_wait_s)
        self.gateway = Gateway(
            cache=self.cache,
            popular=self.popular,
            invalidation=self.invalidation,
            page_builder=page_builder,
            single_flight=self.single_flight,
            embeds=EmbedHandler(model, site, settings.site_url, self.date),
            search=SearchPages(self._search_client, model, templates, site, self.date),
            files=site_files(self.date, site, settings.site_url, templates.assets),
            batched_metrics=self._batched_metrics,
        )
        self._register_gauges()

    def _register_gauges(self) -> None:
        metrics.CACHE_BYTES.set_function(lambda: self.cache.size_bytes)
        metrics.CACHE_PAGES.set_function(lambda: len(self.cache))
        metrics.LIVE_READERS.set_function(lambda: len(self.broadcaster))
        metrics.LOG_SILENT_SECONDS.set_function(lambda: self.invalidation.silent_s)

    def _expect_page(self, path: str) -> None:
        """Render the page of a story that was published this moment."""
        self.known.note(path, has_page=True)
        self.render_ahead.enqueue_first(path)

    def _store(self, key: str, rendered: Rendered[PageOrAbsence]) -> None:
        """Cache a rendered page, unless the log is not being followed."""
        self.known.note(key, has_page=isinstance(rendered.page, Page) and rendered.page.kind.status == 200)
        if not self.invalidation.is_following:
            return
        page = rendered.page
        self.cache.store(
            key,
            page,
            rendered.versions,
            epoch=rendered.epoch,
            size_bytes=0 if isinstance(page, Absence) else page.size_bytes,
            expires_at=monotonic() + _lifetime_s(page),
            absent=isinstance(page, Absence) or page.kind.route == REDIRECT,
        )

    async def _tick(self) -> None:
        """Work done once a second instead of once a request."""
        while True:
            await asyncio.sleep(1.0)
            self.date.tick()
            self._batched_metrics.flush()
            self.popular.look(now())

    async def run(self, _: web.Application) -> AsyncIterator[None]:
        """Run the background tasks as long as the application runs."""
        tasks: list[asyncio.Task[None]] = [
            start_task(self.invalidation.run(), "invalidation"),
            start_task(self.invalidation.count_changes.run(), "numbers of comments"),
            start_task(self._tick(), "once a second"),
            start_task(self.render_ahead.run(), "render ahead"),
            start_task(self.broadcaster.run(), "live readers"),
            start_task(self.live_topics.run(), "live topics"),
        ]
        yield
        for task in tasks:
            await stop_task(task)
        await self._search_client.close()
        await self._popularity_client.close()

    async def close_streams(self, _: web.Application) -> None:
        """End the live streams at shutdown, which would wait for them. Readers reconnect to another gateway."""
        self.broadcaster.close()


def _raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one. Returns how many live readers fit beside other files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return _MOST_FILES if hard == resource.RLIM_INFINITY else max(0, hard - _OTHER_FILES)


def _lifetime_s(found: PageOrAbsence) -> float:
    """The longest time to keep a page."""
    lifetime_s = _LIFETIME_S * random.uniform(1 - _JITTER, 1 + _JITTER)
    if found.until is not None:
        lifetime_s = min(lifetime_s, (found.until - now()).total_seconds())
    return lifetime_s
