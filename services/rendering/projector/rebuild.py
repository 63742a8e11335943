"""Rebuilds the read model from the beginning of the logs, for the command `rebuild read-model`.

It fills the next model in a new consumer group and announces nothing; the current model stays up to date and serves. When the
next model has caught up, the current one is marked as replaced: gateways read the next one from their next page on, and
projectors join the new group, which continues where the rebuild stopped. No event is lost between the two.
"""

import asyncio
from collections.abc import Callable
from time import monotonic

from services.rendering.projector.consumers import Projector
from services.rendering.projector.runner import a_runner
from services.rendering.readmodel.names import READ_MODEL
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import DocumentChanged, encode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.group import GroupRunner
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.times import now
from shared.topics import ARTICLES, COMMENTS

_REPORT_EVERY_S = 0.5
_PARTITIONS = ARTICLES.partitions + COMMENTS.partitions

Report = Callable[[str], None]


async def rebuild(settings: RenderingSettings, *, database: str, group: str, report: Report = print) -> int:
    """Build the next read model, replace the current one, and return its number.

    After an interruption, the next call continues. Raises the errors that end a consumer. `report` gets progress messages.
    """
    mongo = Mongo(settings.mongo)
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    try:
        current = ReadModel(mongo, database)
        await current.prepare()
        await current.find_newest()
        following = ReadModel(mongo, database, current.number + 1)
        await following.prepare()
        report(f"building read model {following.number}; number {current.number} continues to serve")
        await _build(settings, group, current, following, producer, report)
        report(f"read model {following.number} has taken over")
    finally:
        await producer.stop()
        mongo.close()
    return following.number


async def _build(
    settings: RenderingSettings,
    group: str,
    current: ReadModel,
    following: ReadModel,
    producer: Producer,
    report: Report,
) -> None:
    for number in range(1, current.number):
        await ReadModel(current.mongo, current.database, number).delete_documents()
    projector = Projector(following, producer, DeadLetters(producer, group), announces=False)
    runner = a_runner(settings, group, following, projector)
    running = asyncio.create_task(runner.run(), name="rebuild")
    try:
        await _catch_up(projector, runner, running, report)
        projector.announces = True
        await current.mark_replaced(following.number)
        moment = now()
        event = DocumentChanged(dependency=READ_MODEL, version=following.number, changed_at=moment, projected_at=moment)
        await producer.send(encode(event))
    finally:
        await runner.stop()
        await running


async def _catch_up(projector: Projector, runner: GroupRunner, running: "asyncio.Task[None]", report: Report) -> None:
    """Wait until all records of the logs are projected, and report progress."""
    started = monotonic()
    while not (len(runner.partitions) == _PARTITIONS and runner.lag == 0):
        done, _ = await asyncio.wait({running}, timeout=_REPORT_EVERY_S)
        if done:
            running.result()
        remaining = "unknown" if runner.lag is None else runner.lag
        report(f"{projector.projected} events in {monotonic() - started:.0f} s, {remaining} remaining")
