"""Redis clients whose connections are all busy: who comes then waits a while, and is told when that was not enough."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import pytest
from redis.asyncio import Redis

from shared.errors import Unavailable
from shared.redis import TIMEOUT_S, available, connect
from tests.polling import promptly


@pytest.fixture
async def two_at_once(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url, most_connections=2)
    yield client
    await client.aclose()


async def test_a_burst_waits_for_connections_instead_of_failing(two_at_once: Redis, redis_prefix: str) -> None:
    counted = await asyncio.gather(*(two_at_once.incr(f"{redis_prefix}burst") for _ in range(200)))

    assert sorted(counted) == list(range(1, 201))


async def test_a_connection_that_does_not_come_free_is_unavailable_within_a_commands_time(two_at_once: Redis) -> None:
    pool = two_at_once.connection_pool
    held = [await pool.get_connection() for _ in range(2)]

    async def take() -> float:
        began = monotonic()
        with pytest.raises(Unavailable):
            async with available("ping"):
                await two_at_once.ping()
        assert monotonic() - began > 1.0, "it is waited for"
        return monotonic() - began

    await promptly(take, within_s=TIMEOUT_S)
    for connection in held:
        await pool.release(connection)
    assert await two_at_once.ping()
