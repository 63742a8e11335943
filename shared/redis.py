"""The one place that makes Redis clients.

redis-py tries each command again up to ten times by default, so that a counter whose reply was lost counts twice. Here no
command is tried again: callers write through scripts that know what they have applied, and may repeat those.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Connection, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError

from shared.errors import Unavailable

TIMEOUT_S = 5.0
# A burst waits for a connection as long as others are served; redis-py's usual pool would refuse it at once. Well below TIMEOUT_S:
# where every connection waits for a Redis that hangs, nobody should stand behind them for as long again.
_BUSY_S = 2.0


class _Pool(BlockingConnectionPool):
    """Lets a command wait for a connection while others are answered; redis-py gives up after a fixed time."""

    _answered = 0

    async def get_connection(self, command_name: str | None = None, *keys: object, **options: object) -> Connection:
        """A free connection. Raises ConnectionError when no command was answered for _BUSY_S."""
        while True:
            answered = self._answered
            try:
                found: Connection = await super().get_connection()  # type: ignore[no-untyped-call]
                return found
            except ConnectionError as error:
                # One class for all: a wait that ended is the one with a time-out behind it.
                if not isinstance(error.__cause__, TimeoutError) or self._answered == answered:
                    raise

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back. One that failed was closed."""
        self._answered += connection.is_connected
        await super().release(connection)


def connect(url: str, *, most_connections: int = 32) -> Redis:
    """A client whose commands are sent once, and answer or raise within TIMEOUT_S of being sent. Values are bytes.

    While all connections are busy a command waits for one. When none of them is answered for two seconds, it raises as if Redis
    were away.
    """
    pool = _Pool.from_url(
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
        # redis-py's repr says the class alone.
        raise Unavailable(f"Redis: {what}: {type(error).__name__}: {error}") from error
