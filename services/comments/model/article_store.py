"""The copy of `articles.v1` in MongoDB, with the settings of the articles' discussions.

A setting lies in its article's document, so that a request needs one read for both.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo import ASCENDING, IndexModel, UpdateOne

from services.comments.model.comment_store import available_outside
from services.comments.model.days import midnight
from services.comments.model.records import ArticleCopy, DiscussionSetting, SentRule, article_from
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    Session,
    available,
    by_keys,
    ensure_indexes,
)

_CHUNK = 500
_INDEXES = [
    IndexModel([("day", ASCENDING)]),
    IndexModel([("is_new", ASCENDING)]),
    IndexModel([("was_sent", ASCENDING)]),
]


class ArticleStore:
    """The collection `articles`. `consumers.py` writes the copy; moderators and `Closing` write the setting."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["articles"]
        self._progress: Collection = database["progress"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._collection, _INDEXES)

    async def find(self, article_id: str, session: Session | None = None) -> ArticleCopy | None:
        """The article, or None when no event of it has arrived."""
        async with available_outside(session, "article"):
            found = await self._collection.find_one({"_id": article_id}, session=session)
        return None if found is None else _article(found)

    async def paths(self) -> dict[str, str]:
        """The ids of all published articles by path (`url`). Reads the whole collection: for commands alone."""
        async with available("paths of articles"):
            found = await self._collection.find({"status": "published"}, {"url": 1}).to_list(None)
        return {document["url"]: document["_id"] for document in found}

    async def keep(self, article: ArticleCopy) -> None:
        """Store an article's new state, unless the stored one is as new or newer. The setting of its discussion stays.

        A copy without a time of publication takes one from the same version, so that a republication completes old copies.
        """
        fields = asdict(article)
        del fields["discussion"]
        is_older = {"version": {"$lt": article.version}}
        lacks_time = {"version": article.version, "published_at": None}
        older = {"_id": fields.pop("id"), "$or": [is_older, lacks_time]}
        fields |= {"day": None if article.published_at is None else midnight(article.published_at), "is_new": True}
        async with available("keep article"):
            try:
                await self._collection.update_one(older, {"$set": fields}, upsert=True)
            except DuplicateKeyError:
                return  # the stored article is not older

    async def forget(self, article_id: str) -> None:
        """Delete an article."""
        async with available("forget article"):
            await self._collection.delete_one({"_id": article_id})

    async def set_discussion(self, article_id: str, setting: DiscussionSetting, session: Session) -> None:
        """Store the setting of an article's discussion, inside a transaction."""
        fields = {"discussion": asdict(setting), "was_sent": setting.version > 0}
        await self._collection.update_one({"_id": article_id}, {"$set": fields}, session=session)

    async def published_on(self, day: datetime) -> list[ArticleCopy]:
        """The articles first published on a day (its midnight, UTC)."""
        async with available("articles of a day"):
            return [_article(found) for found in await self._collection.find({"day": day}).to_list(None)]

    async def new(self, limit: int) -> list[ArticleCopy]:
        """At most `limit` articles with an event since `note_seen`."""
        async with available("new articles"):
            return [_article(found) for found in await self._collection.find({"is_new": True}).to_list(limit)]

    async def note_seen(self, articles: Sequence[ArticleCopy]) -> None:
        """Take these states out of `new`; a newer state of an article stays in it."""
        if not articles:
            return
        seen = [
            UpdateOne({"_id": article.id, "version": article.version}, {"$set": {"is_new": False}})
            for article in articles
        ]
        async with available("seen articles"):
            await self._collection.bulk_write(seen, ordered=False)

    async def by_ids(self, article_ids: Iterable[str], session: Session) -> list[ArticleCopy]:
        """These articles, inside a transaction."""
        found = await by_keys(self._collection, article_ids, session=session)
        return [_article(document) for document in found]

    async def all(self) -> AsyncIterator[Sequence[ArticleCopy]]:
        """All articles in chunks, in no order."""
        async with available("all articles"):
            cursor = self._collection.find({}, batch_size=_CHUNK)
            while chunk := await cursor.to_list(_CHUNK):
                yield [_article(found) for found in chunk]

    async def with_sent_discussion(self, article_ids: Iterable[str] | None = None) -> list[ArticleCopy]:
        """The articles whose discussion has an event, by id; of these alone when they are given."""
        async with available("articles with a discussion's event"):
            if article_ids is None:
                found = await self._collection.find({"was_sent": True}).to_list(None)
            else:
                found = await by_keys(self._collection, article_ids)
        articles = sorted((_article(document) for document in found), key=lambda article: article.id)
        return [article for article in articles if article.discussion.version > 0]

    async def closed_through(self) -> tuple[SentRule, datetime] | None:
        """The settings and the time up to which the states of all discussions were sent; None before the first."""
        async with available("progress of closing"):
            found = await self._progress.find_one({"_id": "closing"})
        return None if found is None else (SentRule(found["days"], found.get("votes", True)), found["through"])

    async def note_closed_through(self, rule: SentRule, through: datetime) -> None:
        """Store that the states of all discussions were sent."""
        async with available("progress of closing"):
            await self._progress.replace_one({"_id": "closing"}, {**asdict(rule), "through": through}, upsert=True)


def _article(found: Document) -> ArticleCopy:
    fields = {name: value for name, value in found.items() if name not in ("_id", "day", "is_new", "was_sent")}
    return article_from({"id": found["_id"], **fields})
