"""`world-monitor adopt-log`: an operator confirms that views may be counted from another log than the known one."""

from collections.abc import AsyncIterator

from services.popularity.consumers import find_recreated
from services.popularity.settings import PopularitySettings
from services.popularity.store import Store
from shared import redis, topics
from shared.kafka.client import LogIdentity
from shared.process.command_line import AsJson, print_json


async def adopt(*, as_json: AsJson = False) -> None:
    """Adopt the log that Kafka has now, in each partition where it is not the known one, and print each partition's log.

    Counts stay. The log is counted from its beginning, or from the last known position if it was known before.
    """
    done = adopt_log(PopularitySettings.load())
    if as_json:
        print_json({"partitions": [line async for line in done]})
        return
    async for line in done:
        print(line)


async def adopt_log(settings: PopularitySettings) -> AsyncIterator[str]:
    """Adopt the log that Kafka has now where it is not the known one; yields a sentence for each partition.

    Counts stay. The log is counted from its beginning, or from the last known position if it was known before.
    """
    store, identity = Store(redis.connect(settings.redis)), LogIdentity(settings.kafka)
    try:
        log_id = await identity.current()
        for topic in (topics.VIEWS, topics.ARTICLES):
            for partition in range(topic.partitions):
                yield await _adopt_one(settings, store, log_id, topic.name, partition)
    finally:
        await identity.close()
        await store.close()


async def _adopt_one(settings: PopularitySettings, store: Store, log_id: str, topic: str, partition: int) -> str:
    state = await store.state(topic, partition)
    recreated = False
    if state.log == log_id and state.fingerprint and state.position:
        recreated = bool(await find_recreated(settings.kafka, {(topic, partition): state}))
    if state.log == log_id and not recreated:
        return f"{topic}/{partition}: {log_id} is the known log, at {state.position}"
    position = await store.adopt(topic, partition, log_id, instead_of=state if recreated else None)
    return f"{topic}/{partition}: adopted {log_id} at {position} (was {state.log or 'nothing'} at {state.position})"
