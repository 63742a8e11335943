"""`rebuild rankings` and `fsck rankings` on a running popularity, with the log in Kafka."""

from redis.asyncio import Redis

from services.popularity.model.store import views_partition
from services.popularity.numbers.check import compare
from services.popularity.numbers.commands import opened
from services.popularity.numbers.live_store import base
from services.popularity.settings import PopularitySettings
from tests.support.popularity import empty_redis, running_popularity, settings_for


async def _differing(settings: PopularitySettings) -> set[str]:
    async with opened(settings) as (rebuild, store):
        return {difference.article async for difference in compare(rebuild, store)}


async def test_rebuild_restores_a_damaged_count_and_counting_goes_on(
    kafka_url: str, mongo_url: str, mongo_database: str, redis_url: str
) -> None:
    async with empty_redis(redis_url, 10) as redis:
        settings = settings_for(kafka_url, redis, mongo=mongo_url, popularity_database=mongo_database)
        async with running_popularity(settings) as popularity, Redis.from_url(redis) as client:
            article = (await popularity.publish()).id
            for _ in range(3):
                await popularity.view(article)
            await popularity.until_counted(article, 3)
            assert article not in await _differing(settings)
            for name in ("sum:all", "sum:24h"):
                await client.zincrby(f"{base(views_partition(article))}{name}", 4, article)
            await popularity.until_counted(article, 7)

            assert article in await _differing(settings)
            async with opened(settings) as (rebuild, _):
                await rebuild.run(force=True)

            await popularity.until_counted(article, 3)
            await popularity.view(article)
            await popularity.until_counted(article, 4)
            assert await popularity.count(article, "24h") == 4
