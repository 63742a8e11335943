"""`world-monitor fsck rankings`: compares the counts in Redis with a recount from roll-ups and the log, made beside them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from time import time

from services.popularity.numbers.live_store import PARTITIONS
from services.popularity.numbers.rebuild import Rebuild
from services.popularity.numbers.rebuild_store import RebuildStore
from shared.errors import Unavailable
from shared.events import WINDOWS, Window

_MOST_TRIES = 200
_PAUSE_S = 0.05


@dataclass(frozen=True)
class Difference:
    """An article whose sum in Redis is not that of the recount."""

    partition: int
    window: Window
    article: str
    in_redis: int
    recounted: int

    def __str__(self) -> str:
        return (
            f"partition {self.partition}, {self.window}: article {self.article} has {self.in_redis} views in Redis, "
            f"{self.recounted} in roll-ups and log"
        )


async def compare(rebuild: Rebuild, store: RebuildStore) -> AsyncIterator[Difference]:
    """Each difference of all partitions. Counting goes on meanwhile; the compared sums are those of one position.

    Raises Unavailable when an engine does not answer, or when counting is always ahead.
    """
    try:
        await rebuild.prepare(with_visitors=False)
        for partition in PARTITIONS:
            await _meet(rebuild, store, partition)
            for window in WINDOWS:
                in_redis = await store.sums(partition, window, live=True)
                recounted = await store.sums(partition, window, live=False)
                for difference in _differences(partition, window, in_redis, recounted):
                    yield difference
    finally:
        await store.clear()


async def _meet(rebuild: Rebuild, store: RebuildStore, partition: int) -> None:
    for _ in range(_MOST_TRIES):
        await rebuild.catch_up(partition)
        await store.retire(partition, int(time() * 1000))
        caught = await store.freeze(partition)
        if caught == "OK":
            return
        if caught in ("LOG", "NONE"):
            break
        # The counter subtracts finished buckets once a second.
        await asyncio.sleep(_PAUSE_S)
    raise Unavailable(
        f"partition {partition}: the recount does not meet the live counts; try again when fewer views come"
    )


def _differences(
    partition: int, window: Window, in_redis: Mapping[str, int], recounted: Mapping[str, int]
) -> list[Difference]:
    return [
        Difference(partition, window, article, in_redis.get(article, 0), recounted.get(article, 0))
        for article in sorted(in_redis.keys() | recounted.keys())
        if in_redis.get(article, 0) != recounted.get(article, 0)
    ]
