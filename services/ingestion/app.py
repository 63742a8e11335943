"""The service's table of contents: connections, routes, background tasks."""

from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from services.ingestion.articles.routes import ARTICLES, SITE
from services.ingestion.articles.routes import ROUTES as ARTICLE_ROUTES
from services.ingestion.people.access import TOKENS
from services.ingestion.people.routes import ROUTES as PEOPLE_ROUTES
from services.ingestion.people.tokens import TokenOwner
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.http.app import SETTINGS, create_service
from shared.http.health import HEALTH
from shared.http.idempotency import KEPT_FOR
from shared.ids import new_id
from shared.mongo.client import Mongo, once_available
from shared.mongo.expiry import expiring
from shared.outbox.relay import relaying
from shared.site.site import load_site
from shared.times import now

# The longest body with each character escaped as two surrogates, and room for the other fields.
LARGEST_BODY_BYTES = 3 * 1024 * 1024
FILE_TOKEN_NAME = "admin"

STORE = web.AppKey("store", Store)


def create_app(settings: IngestionSettings) -> web.Application:
    """Build the application. Raises SettingsError for a wrong setting."""
    settings.admin_token()
    app = create_service(settings, [*ARTICLE_ROUTES, *PEOPLE_ROUTES], largest_body_bytes=LARGEST_BODY_BYTES)
    store = Store(Mongo(settings.mongo), settings.ingestion_database)
    app[STORE] = store
    app[ARTICLES] = store.articles
    app[TOKENS] = store.tokens
    app[SITE] = load_site(settings.site)
    app[HEALTH].add("mongodb", store.mongo.check)
    # Never a reason to be unready: the outbox is durable and waits for Kafka.
    app[HEALTH].add("outbox", store.outbox.facts)
    app.cleanup_ctx.append(_prepare_store)
    app.cleanup_ctx.append(_relay)
    return app


async def _prepare_store(app: web.Application) -> AsyncIterator[None]:
    store, settings = app[STORE], app[SETTINGS]
    assert isinstance(settings, IngestionSettings)
    await once_available(partial(store.mongo.take_over, settings.ingestion_database, f"ingestion-{settings.instance}"))
    await once_available(store.prepare)
    token = settings.admin_token()
    if token is not None:
        await store.tokens.add(token, TokenOwner(new_id(), FILE_TOKEN_NAME, "admin"), now(), from_file=True)
        await store.tokens.keep_one_from_file(token, now())
    async with expiring(store.answers.collection, KEPT_FOR):
        yield
    store.mongo.close()


async def _relay(app: web.Application) -> AsyncIterator[None]:
    store = app[STORE]
    async with relaying(app[SETTINGS], store.outbox, store.articles):
        yield
