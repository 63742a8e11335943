"""A desk with a real popularity behind it: articles that are published in the desk, and views that are counted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from tests.support.desk import DeskClient, open_desk
from tests.support.ingestion import Json
from tests.support.polling import eventually
from tests.support.popularity import Popularity, empty_redis, running_popularity, settings_for


@dataclass(frozen=True)
class NumberDesk:
    """The desk with nobody signed in, and the counting behind it."""

    desk: DeskClient
    popularity: Popularity

    async def read(self, headline: str, *referrers: str, **fields: object) -> Json:
        """A new article that was viewed once from each referrer; empty for none. `fields` are of the article.

        Returns when its section's ranking has it: that follows the count within a second.
        """
        article = await self.desk.ingestion.create(headline=headline, **fields)
        await self.desk.ingestion.act(article, "publish")
        identity = str(article["id"])
        await eventually(lambda: self.popularity.knows(identity), what="popularity knows the article")
        for referrer in referrers:
            await self.popularity.view(identity, referrer=referrer)
        await self.popularity.until_counted(identity, len(referrers))
        if referrers:
            section = str(article["section"])
            await eventually(lambda: self._ranks(identity, section), what=f"the article ranks in {section}")
        return article

    async def _ranks(self, article: str, section: str) -> bool:
        items = await self.popularity.popular(section=section, window="all")
        return article in [item["article_id"] for item in items]


@asynccontextmanager
async def running_number_desk(
    desk: DeskClient, kafka: str, mongo: str, redis: str, redis_database: int
) -> AsyncIterator[NumberDesk]:
    """Run popularity, and a second desk before it with the ingestion of `desk`, for the length of a block."""
    ingestion = str(desk.ingestion.client.make_url("")).rstrip("/")
    async with empty_redis(redis, redis_database) as address:
        settings = settings_for(
            kafka, address, mongo=mongo, ingestion=ingestion, popularity_database=f"test_{uuid4().hex[:12]}"
        )
        async with running_popularity(settings) as popularity:
            url = str(popularity.api.make_url("")).rstrip("/")
            async with open_desk(desk.ingestion, popularity=url) as opened:
                yield NumberDesk(opened, popularity)
