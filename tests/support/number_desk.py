"""A desk with a real popularity behind it: articles that are published in the desk, and views that are counted."""

from dataclasses import dataclass

from tests.support.desk import DeskClient
from tests.support.ingestion import Json
from tests.support.polling import eventually
from tests.support.popularity import Popularity


@dataclass(frozen=True)
class NumberDesk:
    """The desk with nobody signed in, and the counting behind it."""

    desk: DeskClient
    popularity: Popularity

    async def read(self, headline: str, *referrers: str, **fields: object) -> Json:
        """A new article that was viewed once from each referrer; empty for none. `fields` are of the article."""
        article = await self.desk.ingestion.create(headline=headline, **fields)
        await self.desk.ingestion.act(article, "publish")
        identity = str(article["id"])
        await eventually(lambda: self.popularity.knows(identity), what="popularity knows the article")
        for referrer in referrers:
            await self.popularity.view(identity, referrer=referrer)
        await self.popularity.until_counted(identity, len(referrers))
        return article
