"""Composes the process that takes and serves pictures: connections, routes, background tasks."""

import asyncio
import socket
from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from services.media.api.adding import Adding
from services.media.api.announcer import Announcer
from services.media.api.catalogue import Catalogue
from services.media.api.ingestion_client import IngestionClient
from services.media.api.keys import (
    ADDING,
    ANNOUNCER,
    CATALOGUE,
    FETCHING,
    INGESTION,
    OBJECTS,
    REMOVAL,
    STAGE,
    STORE,
    TOKEN_CHECKER,
    UPLOADS,
    WORKER,
)
from services.media.api.removal import Removal
from services.media.api.routes import ROUTES
from services.media.api.serving import LOST_VARIANTS, LostVariants
from services.media.api.sweeper import Sweeper, sweeping
from services.media.api.upload import Stage
from services.media.api.worker_client import WorkerClient
from services.media.settings import MediaSettings
from services.media.store import Store
from services.media.stores import open_objects
from shared.admission import Admission
from shared.http.app import create_service
from shared.http.guarded import FetchLimits, GuardedClient
from shared.http.health import HEALTH
from shared.http.idempotency import KEPT_FOR
from shared.http.networks import read_networks
from shared.http.token_checker import TokenChecker
from shared.mongo.client import Mongo, once_available
from shared.mongo.expiry import expiring
from shared.process.process import start_task

_USER_AGENT = "WorldMonitor-media"
_FETCH_S = 60.0
# An upload holds 1.3 MB. Others wait, unread.
_UPLOADS_AT_ONCE = 50
_UPLOAD_WAITS_S = 60.0
_FETCHES_AT_ONCE = 4


def create_api(settings: MediaSettings, *, database: str = "") -> web.Application:
    """Build the application. Override `database` only when several instances share an engine (tests)."""
    database = database or settings.media_database
    app = create_service(settings, ROUTES)
    process = f"media-{settings.instance}"
    store = Store(Mongo(settings.mongo), database=database, process=f"{process}@{socket.gethostname()}")
    objects = open_objects(settings, store.database)
    app[STORE], app[OBJECTS] = store, objects
    app[STAGE] = Stage(objects, settings.media_most_bytes)
    app[UPLOADS] = Admission("upload", at_once=_UPLOADS_AT_ONCE, wait_s=_UPLOAD_WAITS_S)
    app[LOST_VARIANTS] = LostVariants()

    async def connections(app: web.Application) -> AsyncIterator[None]:
        worker, ingestion = WorkerClient(settings.worker_urls), IngestionClient(settings.ingestion_urls)
        announcer = Announcer(store.pictures, ingestion)
        waking: set[asyncio.Task[None]] = set()

        def on_added() -> None:
            announcer.wake()
            task = start_task(worker.wake(), "wake")
            waking.add(task)
            task.add_done_callback(waking.discard)

        app[WORKER], app[INGESTION], app[ANNOUNCER] = worker, ingestion, announcer
        app[ADDING] = Adding(store, objects, worker, ingestion, on_added)
        app[REMOVAL] = Removal(store, objects, ingestion)
        app[CATALOGUE] = Catalogue(store.pictures, ingestion)
        app[TOKEN_CHECKER] = TokenChecker(
            settings.ingestion_urls, settings.site_url, trusts_edge=settings.forwarded_for
        )
        limits = FetchLimits(_FETCH_S, at_once=_FETCHES_AT_ONCE)
        app[FETCHING] = GuardedClient(_USER_AGENT, allowed=read_networks(settings.fetch_allow), limits=limits)
        await once_available(partial(store.mongo.take_over, database, process))
        await once_available(store.leases.take_over)
        await once_available(store.prepare)
        await once_available(objects.prepare)
        sweeper = Sweeper(store, objects, app[REMOVAL])
        async with expiring(store.answers.collection, KEPT_FOR), announcer.running(), sweeping(sweeper):
            yield
        for part in (worker, ingestion, app[TOKEN_CHECKER], app[FETCHING], objects):
            await part.close()
        store.mongo.close()

    app[HEALTH].add("mongo", store.mongo.check)
    app.cleanup_ctx.append(connections)
    return app
