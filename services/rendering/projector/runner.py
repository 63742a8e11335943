"""The projector's member of its consumer group. Each read model has its own group (`rebuild.py`)."""

import asyncio
from collections.abc import Mapping

import structlog

from services.rendering.projector.consumers import UNIT, Projector
from services.rendering.projector.websub import HubPings
from services.rendering.readmodel.store import ReadModel, ReadModelReplaced
from shared.errors import Unavailable
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.group import GroupRunner
from shared.kafka.producer import Producer
from shared.kafka.sinks import StateTopicSink
from shared.mongo.client import Mongo
from shared.process.process import stop_task
from shared.settings import Settings
from shared.topics import ARTICLES, COMMENTS

_log = structlog.get_logger(__name__)

_RETRY_S = 0.5
_CHECK_EVERY_S = 3.0


def a_runner(settings: Settings, group: str, model: ReadModel, projector: Projector) -> GroupRunner:
    """A member of the group of a read model."""
    name = group if model.number == 1 else f"{group}-{model.number}"
    sink = StateTopicSink(projector.apply, batch_limit=UNIT, confirms=True, prepare=model.prepare)
    return GroupRunner(settings, group=name, topics=[ARTICLES.name, COMMENTS.name], sink=sink, is_urgent=True)


class ProjectorRunner:
    """Maintains the newest read model until stopped; goes over to the next one when a rebuild replaced it."""

    def __init__(
        self, settings: Settings, mongo: Mongo, producer: Producer, database: str, group: str, pings: HubPings
    ) -> None:
        self._settings = settings
        self._mongo = mongo
        self._producer = producer
        self._database = database
        self._group = group
        self._pings = pings
        self._stopping = self._taken_over = False
        self._runner: GroupRunner | None = None

    async def run(self) -> None:
        """Project until stopped."""
        while not self._stopping:
            try:
                await self._take_over()
                await self._keep_newest()
            except ReadModelReplaced as error:
                _log.info("projection.model_replaced", reason=str(error))
            except Unavailable as error:
                _log.warning("projection.retried", reason=str(error))
                await asyncio.sleep(_RETRY_S)

    async def _take_over(self) -> None:
        if not self._taken_over:
            await self._mongo.take_over(self._database, f"rendering-projector-{self._settings.instance}")
            self._taken_over = True

    async def _keep_newest(self) -> None:
        model = ReadModel(self._mongo, self._database)
        await model.find_newest()
        letters = DeadLetters(self._producer, self._group)
        projector = Projector(model, self._producer, letters, on_lists_changed=self._pings.enqueue)
        self._runner = a_runner(self._settings, self._group, model, projector)
        watch = asyncio.create_task(_stop_when_replaced(model, self._runner), name="watch for a rebuilt read model")
        try:
            if not self._stopping:
                await self._runner.run()
        finally:
            await stop_task(watch)

    async def stop(self) -> None:
        """Finish the batch in progress; `run` ends then."""
        self._stopping = True
        if self._runner is not None:
            await self._runner.stop()

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while nothing is projected."""
        if self._runner is None:
            raise Unavailable("the read model is not open yet")
        return await self._runner.check()


async def _stop_when_replaced(model: ReadModel, runner: GroupRunner) -> None:
    """Leave a replaced model at once, without waiting for the next event."""
    while True:
        await asyncio.sleep(_CHECK_EVERY_S)
        try:
            if await model.is_replaced():
                await runner.stop()
        except Unavailable as error:
            _log.info("projection.check_failed", reason=str(error))
