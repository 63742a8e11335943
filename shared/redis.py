"""Creates all Redis clients.

redis-py retries each command up to ten times by default, so a counter whose reply was lost counts twice. These clients retry
nothing. Callers write through scripts that record what they have applied, and may repeat those.
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
# Well below TIMEOUT_S: when Redis hangs and holds every connection, further commands should not wait as long again.
_BUSY_S = 2.0


class _Pool(BlockingConnectionPool):
    """Lets commands wait for a connection while others are answered. redis-py's own pools stop after a fixed time."""

    _answered = 0

    async def get_connection(self, command_name: str | None = None, *keys: object, **options: object) -> Connection:
        """A free connection. Raises ConnectionError when no command was answered for _BUSY_S."""
        while True:
            answered = self._answered
            try:
                found: Connection = await super().get_connection()  # type: ignore[no-untyped-call]
                return found
            except ConnectionError as error:
                # redis-py has one class for all failures; only an expired wait is caused by TimeoutError.
                if not isinstance(error.__cause__, TimeoutError) or self._answered == answered:
                    raise

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back. A failed one is closed and counts as no answer."""
        self._answered += connection.is_connected
        await super().release(connection)


def connect(url: str, *, most_connections: int = 32) -> Redis:
    """A client that sends each command once and raises when no answer comes within TIMEOUT_S. Values are bytes.

    When all connections are busy, a command waits for one. When none of them is answered for _BUSY_S, it raises as if Redis
    were unreachable.
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
async def available(operation: str) -> AsyncIterator[None]:
    """Turn Redis' errors into Unavailable. Whether a failed write happened is unknown."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        # The repr of redis-py's errors lacks the message.
        raise Unavailable(f"Redis: {operation}: {type(error).__name__}: {error}") from error
