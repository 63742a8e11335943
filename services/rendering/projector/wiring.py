"""Composition of the projector: its parts, their start and their stop."""

from collections.abc import AsyncIterator

from aiohttp import web

from services.rendering.projector.runner import ProjectorRunner
from services.rendering.projector.websub import HubPings
from services.rendering.readmodel.names import DATABASE, PROJECTOR_GROUP
from services.rendering.settings import RenderingSettings
from shared.http.app import create_service
from shared.http.health import HEALTH
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.process.process import start_task, stop_task


def create_projector(
    settings: RenderingSettings, *, database: str = DATABASE, group: str = PROJECTOR_GROUP
) -> web.Application:
    """The projector's application. Override `database` and `group` only when several instances share engines (tests)."""
    app = create_service(settings, ())
    mongo = Mongo(settings.mongo)
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    pings = HubPings(settings.websub_hub, settings.site_url)
    runner = ProjectorRunner(settings, mongo, producer, database, group, pings)

    async def project(_: web.Application) -> AsyncIterator[None]:
        projecting = start_task(runner.run(), "projection")
        pinging = start_task(pings.run(), "WebSub pings")
        yield
        await runner.stop()
        await projecting
        await stop_task(pinging)
        await producer.stop()
        mongo.close()

    app[HEALTH].add("projection", runner.check)
    app[HEALTH].add("mongo", mongo.check)
    app.cleanup_ctx.append(project)
    return app
