"""Redis clients whose connections are all busy: who comes then waits a while, and is told when that was not enough."""

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
async def two_at_once(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url, most_connections=2)
    yield client
    await client.aclose()


async def test_a_burst_waits_for_connections_instead_of_failing(two_at_once: Redis, redis_prefix: str) -> None:
    counted = await asyncio.gather(*(two_at_once.incr(f"{redis_prefix}burst") for _ in range(200)))

    assert sorted(counted) == list(range(1, 201))


async def test_a_burst_waits_as_long_as_others_are_served(two_at_once: Redis, redis_prefix: str) -> None:
    # Each waits at the server for 0.9 s, two at a time: the last two wait 2.7 s for their turn.
    answers = await asyncio.gather(*(two_at_once.blpop([f"{redis_prefix}nothing"], 0.9) for _ in range(8)))

    assert answers == [None] * 8


async def test_a_connection_that_does_not_come_free_is_unavailable(two_at_once: Redis) -> None:
    pool = two_at_once.connection_pool
    held = [await pool.get_connection() for _ in range(2)]

    began = monotonic()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(Unavailable, match="No connection available"):
            async with available("ping"):
                await two_at_once.ping()

    assert monotonic() - began > 1.0, "it is waited for"
    for connection in held:
        await pool.release(connection)
    assert await two_at_once.ping()


async def test_a_redis_that_hangs_keeps_nobody_waiting_behind_the_commands_it_holds(
    two_at_once: Redis, redis_prefix: str
) -> None:
    # Longer than a command may take: the two are given up, which is no sign of life.
    stuck = [asyncio.ensure_future(two_at_once.blpop([f"{redis_prefix}nothing"], 60)) for _ in range(2)]
    await until(lambda: len(two_at_once.connection_pool._in_use_connections) == 2, "both connections are taken")

    with pytest.raises(Unavailable, match="No connection available"):
        async with available("ping"):
            await two_at_once.ping()

    assert {type(error) for error in await asyncio.gather(*stuck, return_exceptions=True)} == {RedisTimeoutError}
    assert await two_at_once.ping()
