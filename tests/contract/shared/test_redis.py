"""Commands wait for a connection while all are busy, and fail when Redis answers nothing."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import pytest
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.errors import Unavailable
from shared.redis import available, connect
from tests.support.polling import PATIENCE_S, until


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client with two connections."""
    client = connect(redis_url, most_connections=2)
    yield client
    await client.aclose()


async def test_burst_waits_for_connections(redis: Redis, redis_prefix: str) -> None:
    counted = await asyncio.gather(*(redis.incr(f"{redis_prefix}burst") for _ in range(200)))

    assert sorted(counted) == list(range(1, 201))


async def test_burst_waits_as_long_as_other_commands_are_answered(redis: Redis, redis_prefix: str) -> None:
    # Each command takes 0.9 s, two at a time: the last two wait 2.7 s for a connection.
    answers = await asyncio.gather(*(redis.blpop([f"{redis_prefix}nothing"], 0.9) for _ in range(8)))

    assert answers == [None] * 8


async def test_command_without_a_free_connection_is_unavailable(redis: Redis) -> None:
    async with redis.client(), redis.client(), asyncio.timeout(PATIENCE_S):
        began = monotonic()
        with pytest.raises(Unavailable, match="No connection available"):
            async with available("ping"):
                await redis.ping()

        assert monotonic() - began > 1.0, "the command waits first"

    assert await redis.ping()


async def test_command_behind_a_hanging_redis_is_unavailable_early(redis: Redis, redis_prefix: str) -> None:
    # Both time out. A time-out is no answer, so it does not extend the wait.
    stuck = [asyncio.ensure_future(redis.blpop([f"{redis_prefix}nothing"], 60)) for _ in range(2)]
    await until(lambda: len(redis.connection_pool._in_use_connections) == 2, "both connections are taken")

    with pytest.raises(Unavailable, match="No connection available"):
        async with available("ping"):
            await redis.ping()

    assert {type(error) for error in await asyncio.gather(*stuck, return_exceptions=True)} == {RedisTimeoutError}
    assert await redis.ping()
