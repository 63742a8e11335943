"""Passkeys and their challenges in MongoDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from services.ingestion.people.passkey_checks import KnownKey, NewKey
from shared.errors import WorldMonitorError
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    Session,
    available,
    ensure_indexes,
)
from shared.mongo.expiry import index_by_age

CHALLENGES_LAST = timedelta(minutes=5)


class PasskeyTaken(WorldMonitorError):
    """The passkey is registered already."""


@dataclass(frozen=True)
class Passkey:
    """A registered passkey."""

    key: KnownKey
    person_id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


class PasskeyStore:
    """The collections `passkeys`, by the credential's id, and `passkey_challenges`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._passkeys: Collection = database["passkeys"]
        self.challenges: Collection = database["passkey_challenges"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._passkeys, [IndexModel([("person_id", ASCENDING)])])
        await index_by_age(self.challenges)

    async def of_person(self, person_id: str, session: Session | None = None) -> list[Passkey]:
        """A person's passkeys, oldest first."""
        async with available("passkeys"):
            found = await self._passkeys.find({"person_id": person_id}, session=session).to_list(None)
        return sorted((_passkey(document) for document in found), key=lambda passkey: passkey.created_at)

    async def add(self, person_id: str, name: str, made: NewKey, at: datetime, session: Session) -> Passkey:
        """Store a passkey. Raises PasskeyTaken."""
        document = {
            "_id": made.id,
            "person_id": person_id,
            "name": name,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "created_at": at,
            "last_used_at": None,
        }
        try:
            async with available("passkey"):
                await self._passkeys.insert_one(document, session=session)
        except DuplicateKeyError as error:
            raise PasskeyTaken from error
        return _passkey(document)

    async def note_use(self, key: KnownKey, sign_count: int, at: datetime) -> bool:
        """Store the new count; False when another sign-in with the same count was faster."""
        as_read = {"_id": key.id, "sign_count": key.sign_count}
        async with available("passkey"):
            result = await self._passkeys.update_one(as_read, {"$set": {"sign_count": sign_count, "last_used_at": at}})
        return bool(result.matched_count)

    async def remove(self, person_id: str, key_id: str, session: Session) -> bool:
        """Delete a person's passkey; False when the person has no such one."""
        async with available("passkey"):
            result = await self._passkeys.delete_one({"_id": key_id, "person_id": person_id}, session=session)
        return bool(result.deleted_count)

    async def remove_all(self, person_id: str, session: Session) -> None:
        """Delete all passkeys of a person."""
        async with available("passkeys"):
            await self._passkeys.delete_many({"person_id": person_id}, session=session)

    async def begin(self, name: str, challenge: bytes, at: datetime) -> None:
        """Store a challenge under a name, in place of an earlier one."""
        async with available("passkey challenge"):
            await self.challenges.replace_one({"_id": name}, {"challenge": challenge, "at": at}, upsert=True)

    async def take(self, name: str, at: datetime) -> bytes | None:
        """The challenge of a name, once; None when there is none, or it is old."""
        async with available("passkey challenge"):
            found = await self.challenges.find_one_and_delete({"_id": name})
        if found is None or at >= found["at"] + CHALLENGES_LAST:
            return None
        return bytes(found["challenge"])


def _passkey(found: Mapping[str, object] | Document) -> Passkey:
    document = dict(found)
    return Passkey(
        KnownKey(str(document["_id"]), bytes(document["public_key"]), document["sign_count"]),
        document["person_id"],
        document["name"],
        document["created_at"],
        document["last_used_at"],
    )
