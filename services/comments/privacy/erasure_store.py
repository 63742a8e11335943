"""Erased comments without a proof yet, in MongoDB. A repetition looks at them again: their contacts are gone by then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from shared.mongo.collections import Collection, Database, Session, available, ensure_indexes
from shared.mongo.expiry import index_by_age

ERASURES_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class UnprovedErasure:
    """An erased comment. `was_published`: a page may have had it."""

    comment_id: str
    was_published: bool


class ErasureStore:
    """The collection `erasures`: ids and a hash of the address (`author_of`), until the proof. Neither address nor text."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["erasures"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self.collection, [IndexModel([("author", ASCENDING)])])
        await index_by_age(self.collection)

    async def note(self, author: str, erased: UnprovedErasure, at: datetime, session: Session) -> None:
        """Store that a comment is erased, in the transaction of it. A second erasure at the same moment changes nothing."""
        row = {"author": author, "was_published": erased.was_published, "at": at}
        await self.collection.update_one(
            {"_id": erased.comment_id}, {"$setOnInsert": row}, upsert=True, session=session
        )

    async def of(self, author: str) -> list[UnprovedErasure]:
        """The erased comments of an author without a proof, oldest first. Raises Unavailable."""
        async with available("erasures of an author"):
            found = await self.collection.find({"author": author}).to_list(None)
        return sorted(
            (UnprovedErasure(row["_id"], row["was_published"]) for row in found), key=lambda one: one.comment_id
        )

    async def forget(self, comment_ids: Sequence[str]) -> None:
        """Delete the rows of proved erasures. Raises Unavailable."""
        async with available("proved erasures"):
            await self.collection.delete_many({"_id": {"$in": list(comment_ids)}})
