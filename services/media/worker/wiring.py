"""Composes the process that decodes pictures. It holds no decoder itself: `child/` runs in processes of their own."""

from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from services.media.settings import MediaSettings
from services.media.store import Store
from services.media.stores import open_objects
from services.media.worker.decoder import DecodeLimits
from services.media.worker.decoders import Decoders
from services.media.worker.queue_store import VariantQueue
from services.media.worker.routes import ROUTES, UPLOAD_CHECKER, VARIANT_RUNNER
from services.media.worker.upload_checker import UploadChecker
from services.media.worker.variant_maker import VariantMaker
from services.media.worker.variant_runner import VariantRunner
from shared.http.app import create_service
from shared.http.health import HEALTH
from shared.mongo.client import Mongo, once_available
from shared.times import now

# An editor waits for a check. Nobody waits for variants: their children leave the processor to all others.
_VARIANTS_NICENESS = 10
# Seconds for a step of a job, for each second of processor time: on a busy machine a nice process gets a twentieth of a core.
_CHECK_WALL = 4
_VARIANTS_WALL = 40
_CHECK_WAITS_S = 20.0
_CHECKS_WAITING = 64


def create_worker(settings: MediaSettings, *, database: str = "") -> web.Application:
    """The application of the process `media-worker`. Override `database` only when several instances share engines (tests)."""
    database = database or settings.media_database
    app = create_service(settings, ROUTES)
    store = Store(Mongo(settings.mongo), database=database)
    objects = open_objects(settings, store.database)
    queue = VariantQueue(store)
    at_once = settings.media_decoders
    checking = Decoders(
        _limits(settings, _CHECK_WALL, niceness=0), count=at_once, wait_s=_CHECK_WAITS_S, most_waiting=_CHECKS_WAITING
    )
    making = Decoders(
        _limits(settings, _VARIANTS_WALL, niceness=_VARIANTS_NICENESS),
        count=at_once,
        wait_s=_CHECK_WAITS_S,
        most_waiting=at_once,
    )
    app[UPLOAD_CHECKER] = UploadChecker(objects, checking, settings)
    app[VARIANT_RUNNER] = VariantRunner(queue, VariantMaker(objects, queue, making, now), at_once=at_once, clock=now)

    async def connections(_: web.Application) -> AsyncIterator[None]:
        await once_available(partial(store.mongo.take_over, database, f"media-worker-{settings.instance}"))
        await once_available(store.prepare)
        await once_available(objects.prepare)
        yield
        await checking.close()
        await making.close()
        store.mongo.close()

    app[HEALTH].add("mongo", store.mongo.check)
    app.cleanup_ctx.extend([connections, app[VARIANT_RUNNER].live])
    return app


def _limits(settings: MediaSettings, wall: int, *, niceness: int) -> DecodeLimits:
    seconds = settings.media_decode_s
    return DecodeLimits(settings.media_decode_memory_mb, seconds, float(wall * seconds), niceness)
