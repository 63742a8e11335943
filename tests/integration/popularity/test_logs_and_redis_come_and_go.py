"""Bad records, a Redis restored from an older copy, and replaced logs, as seen from outside."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from redis.asyncio import Redis

from services.popularity.app import create_counter
from services.popularity.counting.commands import adopt_log
from services.popularity.model.store import views_partition
from shared.events import Message
from tests.support.polling import PATIENCE_S, eventually
from tests.support.popularity import Popularity, empty_redis, running_popularity, settings_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def popularity(kafka_url: str, redis_url: str) -> AsyncIterator[Popularity]:
    async with empty_redis(redis_url, 10) as redis, running_popularity(settings_for(kafka_url, redis)) as running:
        yield running


async def test_bad_record_becomes_a_dead_letter_and_its_neighbours_count(
    popularity: Popularity, kafka_url: str
) -> None:
    article = await popularity.publish()
    mark = uuid4().hex.encode()

    await popularity.view(article.id)
    await popularity.producer.send(Message("views.v1", article.id.encode(), b"{" + mark, (("ce_id", b"bad"),)))
    await popularity.view(article.id)

    await popularity.until_counted(article.id, 2)
    letter = await _find_letter(kafka_url, b"{" + mark)
    headers = dict(letter.headers)
    assert headers["dlq_topic"] == b"views.v1"
    assert headers["dlq_partition"] == str(views_partition(article.id)).encode()
    assert headers["ce_id"] == b"bad"


async def _find_letter(kafka: str, value: bytes) -> ConsumerRecord[bytes, bytes]:
    async with AIOKafkaConsumer("views.v1.dlq", bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(PATIENCE_S):
            record: ConsumerRecord[bytes, bytes]
            async for record in consumer:
                if record.value == value:
                    return record
    raise AssertionError("unreachable")


async def test_older_redis_catches_up_from_the_log(popularity: Popularity) -> None:
    article = await popularity.publish()
    redis = Redis.from_url(popularity.settings.redis)
    for _ in range(3):
        await popularity.view(article.id)
    await popularity.until_counted(article.id, 3)
    # A key may expire between the scan and the dump.
    older = {key: value async for key in redis.scan_iter() if (value := await redis.dump(key)) is not None}
    for _ in range(4):
        await popularity.view(article.id)
    await popularity.until_counted(article.id, 7)

    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.flushdb()
        for key, value in older.items():
            pipeline.restore(key, 0, value)
        await pipeline.execute()
    await popularity.view(article.id)

    await popularity.until_counted(article.id, 8)
    await redis.aclose()


async def test_another_log_is_refused_until_adopt_log(kafka_url: str, redis_url: str) -> None:
    async with empty_redis(redis_url, 11) as address:
        redis = Redis.from_url(address)
        for partition in range(6):
            for field, value in (("log", "a former log"), ("next", "7"), ("fingerprint", "x")):
                await redis.hset(f"popularity:{{p{partition}}}:state", field, value)
        settings = settings_for(kafka_url, address, kafka_adopt_new_log=False, instance=2)
        async with TestClient(TestServer(create_counter(settings))) as counter:

            async def refuses() -> bool:
                answer = await counter.get("/health/ready")
                return answer.status == 503 and "adopt-log" in await answer.text()

            await eventually(refuses)
            done = [line async for line in adopt_log(settings)]

            async def counts() -> bool:
                return (await counter.get("/health/ready")).status == 200

            await eventually(counts)
        assert [line for line in done if "a former log" in str(line)]
        assert await redis.hget("popularity:{p0}:logs", "a former log") == b"7"
        await redis.aclose()


async def test_recreated_topic_in_the_same_cluster_is_noticed(popularity: Popularity) -> None:
    article = await popularity.publish()
    await popularity.view(article.id)
    await popularity.until_counted(article.id, 1)
    redis = Redis.from_url(popularity.settings.redis)
    partition = f"popularity:{{p{views_partition(article.id)}}}:state"

    refusing = popularity.settings.model_copy(update={"kafka_adopt_new_log": False, "instance": 2})
    await redis.hset(partition, "fingerprint", "that of another record")
    async with TestClient(TestServer(create_counter(refusing))) as other:

        async def noticed() -> bool:
            # Either counter may get the partition: one adopts the log, the other refuses it.
            known = await redis.hget(partition, "fingerprint")
            refused = "adopt-log" in await (await other.get("/health/ready")).text()
            return refused or known != b"that of another record"

        await eventually(noticed)
    await redis.aclose()
