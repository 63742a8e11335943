"""People in MongoDB. They are few (a newsroom), so lists read the whole collection."""

from collections.abc import Mapping
from datetime import datetime

from pymongo import ASCENDING, IndexModel, ReturnDocument

from services.ingestion.people.records import Person
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
from shared.text import fold

_MOST_NETWORKS = 10
_INDEXES = [IndexModel([("email_folded", ASCENDING)], unique=True)]


class EmailTaken(WorldMonitorError):
    """Another person has this e-mail address."""


class PersonStore:
    """The collection `people`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._people: Collection = database["people"]
        self._guards: Collection = database["guards"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._people, _INDEXES)

    async def add(self, person: Person, session: Session | None = None) -> None:
        """Store a new person. Raises EmailTaken."""
        try:
            async with available("person", session):
                await self._people.insert_one(_document(person), session=session)
        except DuplicateKeyError as error:
            raise EmailTaken from error

    async def find(self, person_id: str, session: Session | None = None) -> Person | None:
        """The person, or None."""
        async with available("person", session):
            found = await self._people.find_one({"_id": person_id}, session=session)
        return None if found is None else _person(found)

    async def find_by_email(self, email: str) -> Person | None:
        """The person with this address, in any case of letters; None when nobody has it."""
        async with available("person"):
            found = await self._people.find_one({"email_folded": fold(email)})
        return None if found is None else _person(found)

    async def list(self, session: Session | None = None) -> list[Person]:
        """Everybody, in order of creation."""
        async with available("people", session):
            found = await self._people.find({}, session=session).to_list(None)
        return sorted((_person(document) for document in found), key=lambda person: person.id)

    async def guard_admins(self, session: Session) -> None:
        """Make two transactions conflict that change admins at the same time: each could remove the other's last one."""
        async with available("guard of admins", session):
            await self._guards.update_one({"_id": "admins"}, {"$inc": {"changes": 1}}, upsert=True, session=session)

    async def change(
        self, person_id: str, changes: Mapping[str, object], session: Session | None = None, **wanted: object
    ) -> Person | None:
        """Set fields and count the version. None when there is no such person, or a field of `wanted` has another value."""
        async with available("person", session):
            found = await self._people.find_one_and_update(
                {"_id": person_id, **wanted},
                {"$set": dict(changes), "$inc": {"version": 1}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
        return None if found is None else _person(found)

    async def use_totp_step(self, person_id: str, step: int) -> bool:
        """Remember that the code of a time step was used; False when that step, or a later one, was used before."""
        async with available("person"):
            result = await self._people.update_one(
                {"_id": person_id, "totp_last_step": {"$lt": step}}, {"$set": {"totp_last_step": step}}
            )
        return bool(result.modified_count)

    async def use_recovery_code(self, person_id: str, code_hash: str) -> bool:
        """Use a recovery code up; False when the person has no such code."""
        async with available("person"):
            result = await self._people.update_one(
                {"_id": person_id, "recovery_hashes": code_hash}, {"$pull": {"recovery_hashes": code_hash}}
            )
        return bool(result.modified_count)

    async def note_sign_in(self, person: Person, network: str, at: datetime) -> None:
        """Remember time and network of a sign-in."""
        networks = [network, *(known for known in person.networks if known != network)][:_MOST_NETWORKS]
        async with available("person"):
            await self._people.update_one({"_id": person.id}, {"$set": {"signed_in_at": at, "networks": networks}})


def _document(person: Person) -> Document:
    fields = person.model_dump()
    return {"_id": fields.pop("id"), **fields, "email_folded": fold(person.email)}


def _person(found: Document) -> Person:
    return Person.model_validate({"id": found["_id"], **found})
