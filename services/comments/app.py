"""The service's table of contents: connections, routes, background tasks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from aiohttp import web

from services.comments.access.keys import (
    RATE_LIMITER,
    REACTION_LIMITER,
    ROOM,
    SITE_URL,
    TOKEN_CHECKER,
    TRUSTS_EDGE,
    VISITORS,
    WRITER_COOKIE,
)
from services.comments.access.rate_limiter import RateLimiter
from services.comments.access.room import Room
from services.comments.access.writer_cookie import WriterCookie
from services.comments.consumers import SUBSCRIPTIONS
from services.comments.model.current_rules import CurrentRules
from services.comments.model.keys import CURRENT_RULES, STORE
from services.comments.model.store import MESSAGES_AGE, Store
from services.comments.moderation.keys import QUEUE_INDEX
from services.comments.moderation.parts import add_moderation, moderation
from services.comments.notifications.mailing import Mailing
from services.comments.pipeline.keys import WEBHOOK
from services.comments.pipeline.webhook import WebhookJudge
from services.comments.posting.form_errors import FormErrorPages
from services.comments.posting.keys import FORM_ERROR_PAGES
from services.comments.posting.parts import add_posting, posting_life
from services.comments.privacy.erasure_store import ERASURES_KEPT, ErasureStore
from services.comments.privacy.keys import PERSONAL_DATA
from services.comments.privacy.personal_data import PersonalData
from services.comments.privacy.personal_rows import personal_rows
from services.comments.privacy.proof import PageReader
from services.comments.reading.keys import REPORTS
from services.comments.reading.parts import add_reading, reading
from services.comments.reading.refusal_page import REFUSAL_PAGES, RefusalPages
from services.comments.reading.relayed import RelayedStates
from services.comments.reading.report_page import REPORT_PAGES, ReportPages
from services.comments.routes import ROUTES
from services.comments.settings import CommentsSettings
from shared.http.app import create_service
from shared.http.health import HEALTH
from shared.http.idempotency import KEPT_FOR
from shared.http.networks import read_networks
from shared.http.token_checker import TokenChecker
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.dispatch import dispatching_sink
from shared.kafka.group import GroupRunner
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo, once_available
from shared.mongo.expiry import expiring
from shared.outbox.relay import relaying
from shared.site.site import load_site
from shared.topics import ARTICLES

GROUP = "comments"
_USER_AGENT = "WorldMonitor-comments"
# Networks of commenters are kept for bans alone. The page about privacy states this time.
_NETWORKS_KEPT = timedelta(days=30)
_WITHOUT_NETWORK = {"$set": {"network": "", "visitor": "", "network_at": None}}


def create_app(settings: CommentsSettings, *, database: str = "comments", group: str = GROUP) -> web.Application:
    """Build the application. Override `database` and `group` only when several instances share engines (tests)."""
    app = create_service(settings, ROUTES)
    store = Store(Mongo(settings.mongo), starts_as=settings.comments_mode, database=database)
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    sink = dispatching_sink(SUBSCRIPTIONS, store.articles, DeadLetters(producer, group))
    runner = GroupRunner(settings, group=group, topics=[ARTICLES.name], sink=sink)
    site = load_site(settings.site)
    app[STORE] = store
    app[CURRENT_RULES] = CurrentRules(store.rules.current)
    app[FORM_ERROR_PAGES] = FormErrorPages(site)
    app[REPORT_PAGES] = ReportPages(site)
    app[REFUSAL_PAGES] = RefusalPages(site)
    app[RATE_LIMITER] = RateLimiter(settings)
    app[REACTION_LIMITER] = RateLimiter(settings, reactions=True)
    app[VISITORS] = app[RATE_LIMITER].visitors
    app[TRUSTS_EDGE] = settings.forwarded_for
    app[SITE_URL] = settings.site_url
    mailing = Mailing(app, settings, site)
    add_reading(app, store, lambda: runner.ready and runner.lag == 0)
    add_moderation(app, store)
    app[ROOM] = Room(
        {
            "answers": store.answers.count,
            "waiting": app[QUEUE_INDEX].count_pending,
            "letters": store.messages.count,
            "reports": app[REPORTS].count,
        }
    )
    app[WRITER_COOKIE] = WriterCookie(settings.site_url)
    app[WEBHOOK] = WebhookJudge(_USER_AGENT, allowed=tuple(read_networks(settings.fetch_allow)))
    app[PERSONAL_DATA] = PersonalData(store, personal_rows(store), PageReader(settings.rendering_urls))
    add_posting(app, settings.site_url, site)

    async def connections(app: web.Application) -> AsyncIterator[None]:
        app[TOKEN_CHECKER] = TokenChecker(
            settings.ingestion_urls, settings.site_url, trusts_edge=settings.forwarded_for
        )
        await once_available(partial(store.mongo.take_over, database, f"comments-{settings.instance}"))
        await once_available(store.prepare)
        await once_available(ErasureStore(store.database).prepare)
        async with (
            expiring(store.answers.collection, KEPT_FOR),
            _personal_data_expiring(settings, store),
            posting_life(app),
            mailing.running(),
        ):
            yield
        await app[TOKEN_CHECKER].close()
        await app[WEBHOOK].close()
        await app[RATE_LIMITER].close()
        await app[REACTION_LIMITER].close()
        await producer.stop()
        store.mongo.close()

    async def relay(_: web.Application) -> AsyncIterator[None]:
        async with relaying(settings, store.outbox, RelayedStates(store)):
            yield

    app[HEALTH].add("mongo", store.mongo.check)
    app[HEALTH].add("articles", runner.check)
    app[HEALTH].add("outbox", store.outbox.facts)
    app.cleanup_ctx.extend([connections, relay, reading, moderation, runner.live])
    return app


@asynccontextmanager
async def _personal_data_expiring(settings: CommentsSettings, store: Store) -> AsyncIterator[None]:
    """Delete old letters and old addresses, for the length of a block."""
    letters, addresses = (timedelta(days=days) for days in (settings.letters_kept_days, settings.addresses_kept_days))
    async with (
        expiring(store.messages.collection, letters, field=MESSAGES_AGE),
        expiring(store.contacts.collection, addresses),
        expiring(store.authors.collection, addresses),
        expiring(ErasureStore(store.database).collection, ERASURES_KEPT),
        expiring(store.contacts.collection, _NETWORKS_KEPT, field="network_at", instead=_WITHOUT_NETWORK),
    ):
        yield
