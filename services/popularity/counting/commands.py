"""`world-monitor adopt-log`: an operator confirms that views may be counted from another log than the known one."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from services.popularity.counting.consumers import find_recreated
from services.popularity.model.store import Store
from services.popularity.settings import PopularitySettings
from shared import redis, topics
from shared.kafka.client import LogIdentity
from shared.process.command_line import AsJson, print_json


@dataclass(frozen=True)
class PartitionLog:
    """The log of one partition after the command, and the one before."""

    topic: str
    partition: int
    log_id: str
    position: int
    previous_log_id: str
    previous_position: int
    adopted: bool

    def __str__(self) -> str:
        place = f"{self.topic}/{self.partition}"
        if not self.adopted:
            return f"{place}: {self.log_id} is the known log, at {self.position}"
        before = f"{self.previous_log_id or 'nothing'} at {self.previous_position}"
        return f"{place}: adopted {self.log_id} at {self.position} (was {before})"


async def adopt(*, as_json: AsJson = False) -> None:
    """Adopt the log that Kafka has now, in each partition where it is not the known one, and print each partition's log.

    Counts stay. The log is counted from its beginning, or from the last known position if it was known before.
    """
    logs = adopt_log(PopularitySettings.load())
    if as_json:
        print_json([asdict(log) async for log in logs])
        return
    async for log in logs:
        print(log)


async def adopt_log(settings: PopularitySettings) -> AsyncIterator[PartitionLog]:
    """Adopt the log that Kafka has now where it is not the known one; yields each partition's log."""
    store, identity = Store(redis.connect(settings.redis)), LogIdentity(settings.kafka)
    try:
        log_id = await identity.current()
        for topic in (topics.VIEWS, topics.ARTICLES):
            for partition in range(topic.partitions):
                yield await _adopt_one(settings, store, log_id, topic.name, partition)
    finally:
        await identity.close()
        await store.close()


async def _adopt_one(
    settings: PopularitySettings, store: Store, log_id: str, topic: str, partition: int
) -> PartitionLog:
    state = await store.state(topic, partition)
    recreated = False
    if state.log == log_id and state.fingerprint and state.position:
        recreated = bool(await find_recreated(settings.kafka, {(topic, partition): state}))
    adopted = state.log != log_id or recreated
    position = state.position
    if adopted:
        position = await store.adopt_log(topic, partition, log_id, instead_of=state if recreated else None)
    return PartitionLog(topic, partition, log_id, position, state.log, state.position, adopted)
