"""Public histories in MongoDB, one document an article, beside the articles: lists and saves do not carry them."""

from collections.abc import Sequence

from services.ingestion.articles.history import known_history
from services.ingestion.articles.records import Change
from services.ingestion.articles.rules import Article, event_of
from shared.events import ArticleState, PublicVersion
from shared.mongo.collections import Collection, Database, Session, available

History = tuple[PublicVersion, ...]


class HistoryStore:
    """The collection `histories`. `is_kept`: the site shows histories; otherwise events have none. Methods raise Unavailable."""

    def __init__(self, database: Database, *, is_kept: bool) -> None:
        self.collection: Collection = database["histories"]
        self.is_kept = is_kept

    async def follow(self, session: Session, change: Change) -> None:
        """Store the history of a publication or correction, in its transaction."""
        if change.event is None or not change.after.history:
            return
        versions = [version.model_dump() for version in change.after.history]
        article_id = change.after.id
        await self.collection.replace_one({"_id": article_id}, {"versions": versions}, upsert=True, session=session)

    async def of(self, article: Article) -> History:
        """The history of an article; of one published by an earlier release, the part that the article shows."""
        (known,) = await self._with_histories([article])
        return known.history

    async def events_of(self, articles: Sequence[Article]) -> list[ArticleState]:
        """The newest events of those articles that were ever public, with their histories."""
        public = [article for article in articles if article.edition is not None]
        complete = await self._with_histories(public) if self.is_kept and public else public
        return [event for article in complete if (event := event_of(article)) is not None]

    async def _with_histories(self, articles: Sequence[Article]) -> list[Article]:
        async with available("histories"):
            found = await self.collection.find({"_id": {"$in": [article.id for article in articles]}}).to_list(None)
        stored = {document["_id"]: tuple(map(PublicVersion.model_validate, document["versions"])) for document in found}
        return [
            article.model_copy(update={"history": stored.get(article.id) or known_history(article)})
            for article in articles
        ]
