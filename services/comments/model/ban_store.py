"""Bans and mutes in MongoDB. Their version changes with each, so that every instance notices (`access/bans.py`)."""

from dataclasses import asdict, fields, replace

from pymongo import ASCENDING, IndexModel

from services.comments.model.moderation_records import Ban, BanTarget
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    Session,
    available,
    ensure_indexes,
)

_INDEXES = [
    IndexModel([("target", ASCENDING), ("value", ASCENDING)], unique=True),
    IndexModel([("until", ASCENDING)]),
    IndexModel([("comment_id", ASCENDING)]),
]
_VERSION = {"_id": "bans"}
_FIELDS = frozenset(field.name for field in fields(Ban))


class BanStore:
    """The collection `bans`, and their version in `versions`. Methods without a session raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["bans"]
        self._versions: Collection = database["versions"]

    async def prepare(self) -> None:
        """Create missing indexes, and the version."""
        await ensure_indexes(self.collection, _INDEXES)
        async with available("version of bans"):
            try:
                await self._versions.update_one(_VERSION, {"$setOnInsert": {"version": 0}}, upsert=True)
            except DuplicateKeyError:
                return  # another instance was the first

    async def version(self) -> int:
        """The number of changes of all bans."""
        async with available("version of bans"):
            found = await self._versions.find_one(_VERSION)
        return 0 if found is None else int(found["version"])

    async def all(self) -> list[Ban]:
        """All bans, also those that have ended, newest first."""
        async with available("bans"):
            found = await self.collection.find({}).to_list(None)
        return sorted((_ban(document) for document in found), key=lambda ban: ban.id, reverse=True)

    async def id_of(self, target: BanTarget, value: str) -> str | None:
        """The id of a target's ban, None without one."""
        async with available("ban of a target"):
            found = await self.collection.find_one({"target": target, "value": value}, {"_id": 1})
        return None if found is None else str(found["_id"])

    async def put(self, ban: Ban, session: Session) -> Ban:
        """Store a ban, inside a transaction. One of the same target is changed, and keeps its id. Returns the stored ban.

        Two bans of one target would leave one in force when the other is lifted.
        """
        same = {"target": ban.target, "value": ban.value}
        found = await self.collection.find_one(same, {"_id": 1}, session=session)
        stored = ban if found is None else replace(ban, id=found["_id"])
        await self.collection.replace_one({"_id": stored.id}, _document(stored), upsert=True, session=session)
        await self._raise_version(session)
        return stored

    async def lift(self, ban_id: str, session: Session) -> Ban | None:
        """Delete a ban, inside a transaction; None when there is none."""
        found = await self.collection.find_one_and_delete({"_id": ban_id}, session=session)
        if found is None:
            return None
        await self._raise_version(session)
        return _ban(found)

    async def of(self, author: str) -> list[Ban]:
        """The ban of an author's address, if there is one."""
        async with available("ban of an author"):
            found = await self.collection.find({"target": "email", "value": author}).to_list(None)
        return [_ban(document) for document in found]

    async def forget_address(self, author: str) -> None:
        """Delete the address itself. The ban stays in force, by the author's name in the stores."""
        async with available("address of a ban"):
            await self.collection.update_many({"target": "email", "value": author}, {"$set": {"email": None}})
            await self._versions.update_one(_VERSION, {"$inc": {"version": 1}})

    async def forget_comment(self, comment_id: str, session: Session) -> None:
        """Delete the id of an erased comment from the bans made from it, inside a transaction. They stay in force."""
        # Not None: that is a target typed by a moderator, which may be shown.
        emptied = {"$set": {"comment_id": ""}}
        done = await self.collection.update_many({"comment_id": comment_id}, emptied, session=session)
        if done.modified_count:
            await self._raise_version(session)

    async def _raise_version(self, session: Session) -> None:
        await self._versions.update_one(_VERSION, {"$inc": {"version": 1}}, upsert=True, session=session)


def _document(ban: Ban) -> Document:
    stored = asdict(ban)
    return {"_id": stored.pop("id"), **stored}


def _ban(found: Document) -> Ban:
    return Ban(id=found["_id"], **{name: value for name, value in found.items() if name in _FIELDS})
