"""A broker that forgot everything, and a service that tells it again."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.local.engines import provide_topics
from services.comments.settings import CommentsSettings
from tests.support.commands import world_monitor
from tests.support.comments import House, log_of, open_house
from tests.support.kafka import Broker
from tests.support.polling import eventually


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def database() -> str:
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def settings(broker: Broker, mongo_url: str, redis_url: str) -> CommentsSettings:
    return CommentsSettings(
        kafka=broker.url, mongo=mongo_url, redis=redis_url, kafka_idempotence=False, rate_limits="off"
    )


async def _talk(house: House) -> dict[str, int]:
    """Some comments, one of them decided upon; the version that each has at the end."""
    await house.set_mode("pre")
    article = await house.publish_article()
    ids = [(await house.post(article.id))["id"] for _ in range(4)]
    await house.decide(ids[0], "approve")
    for comment_id in ids:
        await house.log.until(comment_id, 2 if comment_id == ids[0] else 1)
    return {comment_id: 2 if comment_id == ids[0] else 1 for comment_id in ids}


async def test_a_broker_that_came_back_empty_is_told_every_comment_again(
    broker: Broker, settings: CommentsSettings, database: str
) -> None:
    async with open_house(settings, database) as house:
        versions = await _talk(house)

        broker.kill()
        await broker.start()

        async with log_of(broker.url) as log:
            for comment_id, version in versions.items():
                (record,) = await log.until(comment_id)
                assert record.header("ce_id") == f"{comment_id}:{version}"


async def test_a_broker_that_has_no_topics_yet_is_told_when_it_has_them(
    broker: Broker,
    settings: CommentsSettings,
    database: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_house(settings, database) as house:
        versions = await _talk(house)

        broker.kill()
        await broker.start(topics=False)
        said = ""

        async def waits() -> bool:
            nonlocal said
            said += capsys.readouterr().out + caplog.text
            return "relay.log_replaced" in said

        await eventually(waits, what="the relay has noticed the new log")
        await provide_topics(broker.url)

        async with log_of(broker.url) as log:
            for comment_id in versions:
                assert await log.until(comment_id)


async def test_a_comment_taken_while_the_broker_is_away_is_told_when_it_is_back(
    broker: Broker, settings: CommentsSettings, database: str
) -> None:
    async with open_house(settings, database) as house:
        article = await house.publish_article()
        await house.listed(article.id)

        broker.kill()
        comment = await house.post(article.id)
        await broker.start()

        async with log_of(broker.url) as log:
            assert await log.until(comment["id"])


async def test_command_shows_progress_and_ends_when_all_is_sent(settings: CommentsSettings) -> None:
    async with open_house(settings, "comments") as house:
        versions = await _talk(house)

        done = await asyncio.to_thread(
            world_monitor, "republish", "comments", WM_KAFKA=settings.kafka, WM_MONGO=settings.mongo
        )

        for comment_id, version in versions.items():
            records = await house.log.until(comment_id, version + 1)
            assert records[-1].header("ce_id") == f"{comment_id}:{version}"
    assert (done.returncode, done.stdout) == (0, "comments.v1 has every comment again\n")
    assert done.stderr.splitlines()[0].startswith("0 of about ")
