"""Presence in MongoDB: one small document a person and article. No transactions: a lost report is repeated soon."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from services.ingestion.articles.presence_rules import Presence
from shared.mongo.collections import Collection, Database, Document, available, ensure_indexes
from shared.mongo.expiry import index_by_age

KEPT_FOR = timedelta(hours=1)
_INDEXES = [IndexModel([("article_id", ASCENDING)])]


class PresenceStore:
    """The collection `presence`. Every method raises Unavailable. `app.py` deletes old documents."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["presence"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await index_by_age(self.collection)
        await ensure_indexes(self.collection, _INDEXES)

    async def put(self, presence: Presence, at: datetime) -> None:
        """Store a person's presence, reported at `at`."""
        document = {
            "article_id": presence.article_id,
            "person_id": presence.person_id,
            "name": presence.name,
            "since": presence.since,
            "viewing_at": presence.viewing_at,
            "editing_at": presence.editing_at,
            "at": at,
        }
        async with available("presence"):
            await self.collection.replace_one(
                {"_id": _id(presence.article_id, presence.person_id)}, document, upsert=True
            )

    async def remove(self, article_id: str, person_id: str) -> None:
        """Forget a person's presence."""
        async with available("presence"):
            await self.collection.delete_one({"_id": _id(article_id, person_id)})

    async def of(self, article_ids: Iterable[str]) -> Mapping[str, list[Presence]]:
        """The known presences by article, also those of people who have left without a word."""
        found: dict[str, list[Presence]] = {}
        async with available("presence"):
            async for document in self.collection.find({"article_id": {"$in": list(article_ids)}}):
                presence = _presence(document)
                found.setdefault(presence.article_id, []).append(presence)
        return found


def _id(article_id: str, person_id: str) -> str:
    return f"{article_id}:{person_id}"


def _presence(found: Document) -> Presence:
    return Presence(
        article_id=found["article_id"],
        person_id=found["person_id"],
        name=found["name"],
        since=found["since"],
        viewing_at=found["viewing_at"],
        editing_at=found["editing_at"],
    )
