"""A broker that lost its log, and a service that sends every comment again."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.local.engines import provide_topics
from services.comments.settings import CommentsSettings
from tests.support.commands import world_monitor
from tests.support.comments import CommentsService, read_comments_topic, running_comments
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


async def _post_comments(comments: CommentsService) -> dict[str, int]:
    """Post four comments and approve one; returns the version of each."""
    await comments.set_mode("pre")
    article = await comments.publish_article()
    ids = [(await comments.post(article.id))["id"] for _ in range(4)]
    await comments.decide(ids[0], "approve")
    for comment_id in ids:
        await comments.topic.until(comment_id, 2 if comment_id == ids[0] else 1)
    return {comment_id: 2 if comment_id == ids[0] else 1 for comment_id in ids}


async def test_empty_broker_gets_every_comment_again(broker: Broker, settings: CommentsSettings, database: str) -> None:
    async with running_comments(settings, database) as comments:
        versions = await _post_comments(comments)

        broker.kill()
        await broker.start()

        async with read_comments_topic(broker.url, whole=True) as log:
            for comment_id, version in versions.items():
                (record,) = await log.until(comment_id)
                assert record.header("ce_id") == f"{comment_id}:{version}"


async def test_broker_without_topics_gets_comments_once_it_has_them(
    broker: Broker,
    settings: CommentsSettings,
    database: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_comments(settings, database) as comments:
        versions = await _post_comments(comments)

        broker.kill()
        await broker.start(topics=False)
        output = ""

        async def is_logged() -> bool:
            nonlocal output
            output += capsys.readouterr().out + caplog.text
            return "relay.log_replaced" in output

        await eventually(is_logged, what="the relay has noticed the new log")
        await provide_topics(broker.url)

        async with read_comments_topic(broker.url, whole=True) as log:
            for comment_id in versions:
                assert await log.until(comment_id)


async def test_comment_during_an_outage_of_the_broker_is_sent_afterwards(
    broker: Broker, settings: CommentsSettings, database: str
) -> None:
    async with running_comments(settings, database) as comments:
        article = await comments.publish_article()
        await comments.discussion(article.id)

        broker.kill()
        comment = await comments.post(article.id)
        await broker.start()

        async with read_comments_topic(broker.url, whole=True) as log:
            assert await log.until(comment["id"])


async def test_republish_prints_progress_and_ends_when_all_is_sent(settings: CommentsSettings) -> None:
    async with running_comments(settings, "comments") as comments:
        versions = await _post_comments(comments)

        done = await asyncio.to_thread(
            world_monitor, "republish", "comments", WM_KAFKA=settings.kafka, WM_MONGO=settings.mongo
        )

        for comment_id, version in versions.items():
            records = await comments.topic.until(comment_id, version + 1)
            assert records[-1].header("ce_id") == f"{comment_id}:{version}"
    assert (done.returncode, done.stdout) == (0, "comments.v1 has every comment again\n")
    assert done.stderr.splitlines()[0].startswith("0 of about ")
