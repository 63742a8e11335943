"""Rendering's processes, put together."""

from collections.abc import AsyncIterator

from aiohttp import web

from services.rendering.listening import ROUTE
from services.rendering.projection import Projection
from services.rendering.serving import Serving
from services.rendering.settings import RenderingSettings
from services.rendering.store import ReadModel
from services.rendering.websub import HubPings
from shared.mongo import Mongo
from shared.process import start_task, stop_task
from shared.producer import Producer
from shared.service import HEALTH, answer_first, create_service

GROUP = "rendering-projector"


def create_projector(
    settings: RenderingSettings, *, database: str = "rendering", group: str = GROUP
) -> web.Application:
    """The projector. `database` and `group` are others than usual only where several share their engines."""
    app = create_service(settings, ())
    mongo = Mongo(settings.mongo)

    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    pings = HubPings(settings.websub_hub, settings.site_url)
    projection = Projection(settings, mongo, producer, database, group, pings)

    async def project(_: web.Application) -> AsyncIterator[None]:
        task = start_task(projection.run(), "projection")
        telling = start_task(pings.run(), "pings to the hub")
        yield
        await projection.stop()
        await task
        await stop_task(telling)
        await producer.stop()
        mongo.close()

    app[HEALTH].add("projection", projection.check)
    app[HEALTH].add("mongo", mongo.check)
    app.cleanup_ctx.append(project)
    return app


def create_gateway(settings: RenderingSettings, *, database: str = "rendering") -> web.Application:
    """The gateway. `database` is another than usual only where several share their engines."""
    mongo = Mongo(settings.mongo)
    serving = Serving(settings, ReadModel(mongo, database))
    # No middlewares: the one handler of the public paths does what they would do, most of it beside the hot path.
    app = create_service(settings, [], middlewares=(), refuse=serving.gateway.refuse)

    async def connection(_: web.Application) -> AsyncIterator[None]:
        yield
        mongo.close()

    app.add_routes([web.get(ROUTE, serving.listening.listen)])
    app.add_routes([web.route("*", r"/{target:[\s\S]*}", serving.gateway.answer)])
    answer_first(app, serving.gateway.answer_at_once)
    app[HEALTH].add("log", serving.announcements.check)
    app.cleanup_ctx.extend([connection, serving.live])
    app.on_shutdown.append(serving.end_streams)
    return app


PROCESSES = {"gateway": ("rendering", create_gateway), "projector": ("rendering-projector", create_projector)}
