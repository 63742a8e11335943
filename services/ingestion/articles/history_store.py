"""Public histories in MongoDB, one document an article, beside the articles: lists and saves do not carry them."""

from collections.abc import Sequence

from pymongo import ReplaceOne

from services.ingestion.articles.history import known_history
from services.ingestion.articles.records import Change
from services.ingestion.articles.rules import Article, event_of
from shared.events import ArticleState, PublicVersion
from shared.mongo.collections import Collection, Database, Document, Session, available

History = tuple[PublicVersion, ...]


class HistoryStore:
    """The collection `histories`. `is_kept`: the site shows histories; otherwise events have none. Methods raise Unavailable."""

    def __init__(self, database: Database, *, is_kept: bool) -> None:
        self.collection: Collection = database["histories"]
        self.is_kept = is_kept

    async def follow(self, session: Session, changes: Sequence[Change]) -> None:
        """Store the histories of publications and corrections, in their transaction."""
        writes = [
            ReplaceOne({"_id": change.after.id}, {"versions": _versions(change.after.history)}, upsert=True)
            for change in changes
            if change.event is not None and change.after.history
        ]
        if writes:
            await self.collection.bulk_write(writes, session=session)

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


def _versions(history: History) -> list[Document]:
    return [version.model_dump() for version in history]
