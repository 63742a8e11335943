"""The one place that makes Redis clients.

redis-py tries each command again up to ten times by default, so that a counter whose reply was lost counts twice. Here no
command is tried again: callers write through scripts that know what they have applied, and may repeat those.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.errors import Unavailable

TIMEOUT_S = 5.0
# A burst waits for a connection; redis-py's usual pool would refuse it at once. Well below TIMEOUT_S: where every connection
# waits for a Redis that hangs, nobody should stand behind them for as long again.
_BUSY_S = 2.0


def connect(url: str, *, most_connections: int = 32) -> Redis:
    """A client whose commands are sent once, and answer or raise within TIMEOUT_S of being sent. Values are bytes.

    While all connections are busy a command waits for one, two seconds at most, and then raises as if Redis were away.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        timeout=_BUSY_S,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=2.0,
        health_check_interval=15,
        max_connections=most_connections,
    )
    return Redis.from_pool(pool)


@asynccontextmanager
async def available(what: str) -> AsyncIterator[None]:
    """Redis' errors come out as Unavailable. A write that raised it is unknown."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable(f"Redis: {what}: {error!r}") from error
