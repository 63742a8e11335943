"""`python -m services.popularity adopt-log`: an operator's word that another log may be counted from."""

from collections.abc import AsyncIterator

from services.popularity.consumers import find_recreated
from services.popularity.settings import PopularitySettings
from services.popularity.store import Store
from shared import redis, topics
from shared.kafka.client import LogIdentity


async def adopt_log(settings: PopularitySettings) -> AsyncIterator[str]:
    """Take up the log that Kafka has now, in each partition where it is not the one known; yields what was done.

    Counts stay. What the log holds is counted from its beginning, or from where it was left if it was known before.
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
    position = await store.adopt_log(topic, partition, log_id, instead_of=state if recreated else None)
    return f"{topic}/{partition}: took up {log_id} at {position} (was {state.log or 'nothing'} at {state.position})"
