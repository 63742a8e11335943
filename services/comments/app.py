"""The comments service, put together."""

from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from services.comments.access import Tokens
from services.comments.consumers import SUBSCRIPTIONS
from services.comments.form_errors import Pages
from services.comments.keys import NEWSROOM, PAGES, STORE, TOKENS, VISITORS
from services.comments.posting import ArticleLookup
from services.comments.rate_limiter import RateLimiter
from services.comments.routes import ROUTES
from services.comments.settings import CommentsSettings
from services.comments.store import Store
from shared.http.app import create_service
from shared.http.health import HEALTH
from shared.http.idempotency import KEPT_FOR
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


def create_app(settings: CommentsSettings, *, database: str = "comments", group: str = GROUP) -> web.Application:
    """The application. `database` and `group` are others than usual only where several share their engines."""
    app = create_service(settings, ROUTES)
    store = Store(Mongo(settings.mongo), starts_as=settings.comments_mode, database=database)
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    sink = dispatching_sink(SUBSCRIPTIONS, store.articles, DeadLetters(producer, group))
    runner = GroupRunner(settings, group=group, topics=[ARTICLES.name], sink=sink)
    app[STORE] = store
    app[NEWSROOM] = ArticleLookup(store, lambda: runner.ready and runner.lag == 0)
    app[PAGES] = Pages(load_site(settings.site))
    app[VISITORS] = RateLimiter(settings)

    async def connections(app: web.Application) -> AsyncIterator[None]:
        app[TOKENS] = Tokens(settings.ingestion_urls)
        await once_available(partial(store.mongo.take_over, database, f"comments-{settings.instance}"))
        await once_available(store.prepare)
        async with expiring(store.answers.collection, KEPT_FOR):
            yield
        await app[TOKENS].close()
        await app[VISITORS].close()
        await producer.stop()
        store.mongo.close()

    async def relay(_: web.Application) -> AsyncIterator[None]:
        async with relaying(settings, store.outbox, store.comments):
            yield

    app[HEALTH].add("mongo", store.mongo.check)
    app[HEALTH].add("articles", runner.check)
    app[HEALTH].add("outbox", store.outbox.facts)
    app.cleanup_ctx.extend([connections, relay, runner.live])
    return app
