"""The embedded engines over the wire, with the services' drivers."""

from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from shared.topics import TOPICS


async def test_broker_has_every_topic_with_its_partitions(kafka_url: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_url)
    await admin.start()

    described = {item["topic"]: len(item["partitions"]) for item in await admin.describe_topics()}
    await admin.close()

    assert {topic.name: topic.partitions for topic in TOPICS}.items() <= described.items()


async def test_mongo_rolls_back_an_aborted_transaction(mongo_url: str, mongo_database: str) -> None:
    client: AsyncMongoClient[dict[str, str]] = AsyncMongoClient(mongo_url)
    async with client:
        articles = client[mongo_database]["articles"]
        await articles.insert_one({"_id": "before"})
        async with client.start_session() as session:
            await session.start_transaction()
            await articles.insert_one({"_id": "inside"}, session=session)
            await session.abort_transaction()

        assert [document["_id"] async for document in articles.find()] == ["before"]


async def test_redis_runs_scripts_and_never_evicts(redis_url: str, redis_prefix: str) -> None:
    client = Redis.from_url(redis_url, decode_responses=True)

    sum_of_two = await client.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", 1, f"{redis_prefix}n", "2")
    policy = await client.config_get("maxmemory-policy")
    await client.aclose()

    assert sum_of_two == 2
    assert policy == {"maxmemory-policy": "noeviction"}
