"""How full Redis is. What is least needed gives way first, so that the counters keep room (`docs/OPERATIONS.md`)."""

import asyncio
from time import monotonic

import structlog
from redis.asyncio import Redis

from shared.errors import Unavailable
from shared.process import metrics
from shared.redis import available

_log = structlog.get_logger(__name__)

# Shares of `maxmemory`. Above the first no Idempotency-Key of a view is bound, above the second each comments process
# limits alone. The counters have all of it.
KEYS_BELOW = 0.75
LIMITS_BELOW = 0.9
_LOOK_EVERY_S = 5.0


class RedisMemory:
    """The share of Redis' memory in use, as of at most five seconds ago."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._share = 0.0
        self._looked_at = float("-inf")

    async def run(self) -> None:
        """Keep the metrics up to date until cancelled."""
        while True:
            try:
                await self.share()
            except Unavailable as error:
                _log.warning("redis_memory.unknown", reason=str(error))
            await asyncio.sleep(_LOOK_EVERY_S)

    async def share(self) -> float:
        """From 0 to 1 and above; without `maxmemory`, of the machine's memory. Raises Unavailable."""
        if monotonic() - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = monotonic()
            async with available("memory"):
                found = await self._redis.info("memory")
            limit = int(found["maxmemory"]) or int(found["total_system_memory"])
            self._share = int(found["used_memory"]) / limit
            metrics.REDIS_USED.set(int(found["used_memory"]))
            metrics.REDIS_SHARE.set(self._share)
        return self._share
