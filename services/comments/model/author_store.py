"""Authors' records in MongoDB: the outcomes of an address' comments, stored by a hash of the address.

An outcome is a comment's status, unless it is pending. `follow` keeps the counters true through decisions and their undoing.
"""

from collections.abc import Iterable, Sequence

from pymongo import UpdateOne

from services.comments.model.comment_store import available_outside
from services.comments.model.moderation_records import MOST_RECENT, AuthorRecord, StatusChange
from services.comments.model.rules import Status
from shared.mongo.collections import Collection, Database, Document, Session, available, by_keys
from shared.mongo.expiry import index_by_age
from shared.times import now

_OUTCOMES = frozenset({"published", "rejected", "removed"})


class AuthorStore:
    """The collection `authors`, by `author_of`. Methods without a session raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["authors"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await index_by_age(self.collection)

    async def record(self, author: str, session: Session | None = None) -> AuthorRecord:
        """The author's record, an empty one without comments."""
        async with available_outside(session, "author"):
            found = await self.collection.find_one({"_id": author}, session=session)
        return AuthorRecord() if found is None else _record(found)

    async def records(self, authors: Iterable[str]) -> dict[str, AuthorRecord]:
        """The records of these authors, by author; none for those without comments."""
        async with available("authors"):
            found = await by_keys(self.collection, authors)
        return {document["_id"]: _record(document) for document in found}

    async def follow(
        self,
        author: str,
        comment_id: str,
        before: Status | None,
        after: Status | None,
        session: Session,
        *,
        is_automatic: bool = False,
    ) -> None:
        """Count a comment's change of status, inside a transaction; `StatusChange` says what None means."""
        await self.follow_all([StatusChange(author, comment_id, before, after, is_automatic)], session)

    async def follow_all(self, changes: Iterable[StatusChange], session: Session) -> None:
        """Count several changes in one command, inside a transaction."""
        updates = [update for change in changes for update in _updates(change)]
        if updates:
            await self.collection.bulk_write(updates, session=session)

    async def verify(self, author: str, session: Session) -> None:
        """Record that the author confirmed the address, inside a transaction."""
        moment = now()
        await self.collection.update_one(
            {"_id": author}, {"$set": {"verified_at": moment, "at": moment}}, upsert=True, session=session
        )

    async def forget(self, author: str, session: Session) -> None:
        """Delete an author's record, inside a transaction."""
        await self.collection.delete_one({"_id": author}, session=session)


def _updates(change: StatusChange) -> Sequence[UpdateOne]:
    before, after = (status if status in _OUTCOMES else None for status in (change.before, change.after))
    if before == after:
        return ()
    counted: dict[str, int] = {}
    if before is not None:
        counted[before] = -1
    update: Document = {"$inc": counted, "$set": {"at": now()}}
    pull: Document = {"recent": {"comment": change.comment_id}}
    if after is None:
        return (UpdateOne({"_id": change.author}, {**update, "$pull": pull}),)
    counted[after] = 1
    if change.is_automatic and after == "rejected":
        return (UpdateOne({"_id": change.author}, {**update, "$pull": pull}, upsert=True),)
    outcome = {"comment": change.comment_id, "outcome": after}
    push = {"recent": {"$each": [outcome], "$slice": -MOST_RECENT}}
    added = UpdateOne({"_id": change.author}, {**update, "$push": push}, upsert=True)
    # MongoDB refuses two changes of one array in an update.
    return (added,) if before is None else (UpdateOne({"_id": change.author}, {"$pull": pull}), added)


def _record(found: Document) -> AuthorRecord:
    recent = found.get("recent", [])
    return AuthorRecord(
        **{name: max(0, found.get(name, 0)) for name in _OUTCOMES},
        recent=len(recent),
        recent_rejected=sum(entry["outcome"] != "published" for entry in recent),
        verified_at=found.get("verified_at"),
    )
