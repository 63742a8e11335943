"""`world-monitor rebuild read-model`: makes the read model anew from the beginning of the logs.

It fills the next model in the next consumer group, silently, while the present one is kept up and serves. When it has
caught up, the present one is marked as replaced: gateways read the next from their next page on, projectors go over to
the new group, which goes on where the rebuild has stopped. So no event can fall between the two.
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

_LOOK_EVERY_S = 0.5
_PARTITIONS = ARTICLES.partitions + COMMENTS.partitions

Say = Callable[[str], None]


async def rebuild(settings: RenderingSettings, *, database: str, group: str, say: Say = print) -> int:
    """Build the next read model and put it in the present one's place; returns its number.

    Interrupted, it goes on where it was when it is called again. Raises whatever ends a consumer.
    """
    mongo = Mongo(settings.mongo)
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    try:
        present = ReadModel(mongo, database)
        await present.prepare()
        await present.find_newest()
        following = ReadModel(mongo, database, present.number + 1)
        await following.prepare()
        say(f"building read model {following.number}; number {present.number} goes on serving")
        await _build(settings, group, present, following, producer, say)
        say(f"read model {following.number} has taken over")
    finally:
        await producer.stop()
        mongo.close()
    return following.number


async def _build(
    settings: RenderingSettings, group: str, present: ReadModel, following: ReadModel, producer: Producer, say: Say
) -> None:
    for number in range(1, present.number):
        await ReadModel(present.mongo, present.database, number).empty()
    sink = Projector(following, producer, DeadLetters(producer, group), announces=False)
    runner = a_runner(settings, group, following, sink)
    running = asyncio.create_task(runner.run(), name="rebuild")
    try:
        await _catch_up(sink, runner, running, say)
        sink.announces = True
        await present.give_way(following.number)
        moment = now()
        moved = DocumentChanged(dependency=READ_MODEL, version=following.number, changed_at=moment, projected_at=moment)
        await producer.send(encode(moved))
    finally:
        await runner.stop()
        await running


async def _catch_up(sink: Projector, runner: GroupRunner, running: "asyncio.Task[None]", say: Say) -> None:
    """Return once everything that is in the logs has been projected; say how far it is meanwhile."""
    started = monotonic()
    while not (len(runner.partitions) == _PARTITIONS and runner.lag == 0):
        done, _ = await asyncio.wait({running}, timeout=_LOOK_EVERY_S)
        if done:
            running.result()
        to_go = "unknown" if runner.lag is None else runner.lag
        say(f"{sink.projected} events in {monotonic() - started:.0f} s, {to_go} to go")
