"""Sessions of the desk in MongoDB, by the hash of their token."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from services.ingestion.people.records import IDLE, DeskSession
from shared.http.bearer import hash_token
from shared.mongo.collections import Collection, Database, Document, Session, available, ensure_indexes
from shared.mongo.expiry import index_by_age

SESSION_PREFIX = "wms_"
KEPT_FOR = IDLE + timedelta(hours=1)
# A session in use writes at most once in this time.
_TOUCHED_EVERY = timedelta(minutes=1)
_INDEXES = [IndexModel([("person_id", ASCENDING)]), IndexModel([("id", ASCENDING)])]


def make_session_token() -> str:
    """A new token of 256 random bits. It is stored nowhere."""
    return SESSION_PREFIX + secrets.token_urlsafe(32)


class SessionStore:
    """The collection `desk_sessions`. `at` is the last use. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["desk_sessions"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await index_by_age(self.collection)
        await ensure_indexes(self.collection, _INDEXES)

    async def add(self, token: str, made: DeskSession, session: Session | None = None) -> None:
        """Store a new session under its token's hash."""
        async with available("session", session):
            await self.collection.insert_one(_document(token, made), session=session)

    async def find(self, token: str, at: datetime) -> DeskSession | None:
        """The session of a token, None when it is unknown or over. A use moves the idle end, at most once a minute."""
        async with available("session"):
            found = await self.collection.find_one({"_id": hash_token(token)})
            if found is None or (session := _session(found)).is_over(at):
                return None
            if at - session.seen_at >= _TOUCHED_EVERY:
                await self.collection.update_one({"_id": found["_id"]}, {"$max": {"at": at}})
        return session

    async def rotate(self, token: str, made: DeskSession, rights_version: int, at: datetime) -> str | None:
        """A new token for a session; the old one works for GRACE more. None when another request was faster."""
        fresh = make_session_token()
        await self.add(fresh, replace(made, seen_at=at, rights_version=rights_version, replaced_at=None))
        async with available("session"):
            result = await self.collection.update_one(
                {"_id": hash_token(token), "replaced_at": None}, {"$set": {"replaced_at": at}}
            )
            if result.modified_count:
                return fresh
            await self.collection.delete_one({"_id": hash_token(fresh)})
        return None

    async def of_person(self, person_id: str, at: datetime) -> list[DeskSession]:
        """A person's sessions that are not over, the last used first. One that was replaced is not listed."""
        async with available("sessions"):
            found = await self.collection.find({"person_id": person_id}).to_list(None)
        sessions = [_session(document) for document in found]
        running = [one for one in sessions if not one.is_over(at) and one.replaced_at is None]
        return sorted(running, key=lambda one: one.seen_at, reverse=True)

    async def end(self, token: str) -> DeskSession | None:
        """End the session of a token, with all its tokens; None when there is none."""
        async with available("session"):
            found = await self.collection.find_one({"_id": hash_token(token)})
            if found is None:
                return None
            await self.collection.delete_many({"id": found["id"]})
        return _session(found)

    async def end_one(self, person_id: str, session_id: str) -> bool:
        """End a person's session by its id; False when the person has no such session."""
        async with available("session"):
            result = await self.collection.delete_many({"id": session_id, "person_id": person_id})
        return bool(result.deleted_count)

    async def end_all(self, person_id: str, *, but: str | None = None, session: Session | None = None) -> int:
        """End a person's sessions, except the one with the id `but`. Returns the number of ended tokens."""
        wanted: Document = {"person_id": person_id}
        if but is not None:
            wanted["id"] = {"$ne": but}
        async with available("sessions", session):
            result = await self.collection.delete_many(wanted, session=session)
        return int(result.deleted_count)


def _document(token: str, made: DeskSession) -> Document:
    fields = asdict(made)
    return {"_id": hash_token(token), "at": fields.pop("seen_at"), **fields}


def _session(found: Mapping[str, object]) -> DeskSession:
    fields = {name: found[name] for name in DeskSession.__dataclass_fields__ if name != "seen_at"}
    return DeskSession(seen_at=found["at"], **fields)  # type: ignore[arg-type]  # as `_document` wrote them
