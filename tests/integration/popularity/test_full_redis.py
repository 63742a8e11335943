"""A Redis without room: acknowledged views wait in the log, keys are refused, comments are limited by their process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from redis.asyncio import Redis

from services.comments.access.rate_limiter import RateLimiter
from services.comments.settings import CommentsSettings
from shared.errors import Problem
from tests.support.own_redis import running_redis
from tests.support.polling import eventually
from tests.support.popularity import running_popularity, settings_for


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a server of this test's own."""
    async with running_redis(tmp_path) as url:
        yield url


async def _set_limit(url: str, size: str) -> None:
    async with Redis.from_url(url) as client:
        await client.config_set("maxmemory", size)


async def test_full_redis_loses_no_view_and_opens_no_door(
    own_redis: str, kafka_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.process.redis_memory._LOOK_EVERY_S", 0.0)
    async with running_popularity(settings_for(kafka_url, own_redis)) as popularity:
        article = (await popularity.publish()).id
        await popularity.view(article)
        await popularity.until_counted(article, 1)

        await _set_limit(own_redis, "1")
        for _ in range(20):
            await popularity.view(article)
        await eventually(lambda: _has_refused(own_redis), what="the counter was refused")
        refused = await popularity.api.post(
            "/v1/views", json={"article_id": article}, headers={"Idempotency-Key": "one"}
        )
        comments = await _send_comments(own_redis, 6)
        counted = await popularity.count(article)
        await _set_limit(own_redis, "0")

        assert (refused.status, refused.headers["Retry-After"].isdigit()) == (503, True)
        assert comments == [201] * 4 + [429] * 2
        assert counted == 1
        await popularity.until_counted(article, 21)
        after = await popularity.api.post("/v1/views", json={"article_id": article}, headers={"Idempotency-Key": "one"})
        assert after.status == 202


async def _has_refused(url: str) -> bool:
    async with Redis.from_url(url) as client:
        return "errorstat_OOM" in await client.info("errorstats")


async def _send_comments(redis: str, count: int) -> list[int]:
    limiter = RateLimiter(CommentsSettings(redis=redis, comments_rate="4/minute"))
    statuses = []
    for _ in range(count):
        try:
            await limiter.admit(make_mocked_request("POST", "/", headers={"X-Forwarded-For": "192.0.2.1"}))
            statuses.append(201)
        except Problem as problem:
            statuses.append(problem.status)
    await limiter.close()
    return statuses
