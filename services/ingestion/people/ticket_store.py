"""Tickets in MongoDB: a password was right, and a second factor is still due."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.ingestion.people.records import Person
from shared.http.bearer import hash_token
from shared.mongo.collections import Collection, Database, available
from shared.mongo.expiry import index_by_age

KEPT_FOR = timedelta(hours=1)
_LASTS = timedelta(minutes=5)
_MOST_TRIES = 5


@dataclass(frozen=True)
class Ticket:
    """A ticket for one sign-in. `id` is the hash of its token. A change of the person's rights or password ends it."""

    id: str
    person_id: str
    rights_version: int


def make_ticket(person: Person) -> tuple[str, Ticket]:
    """A new token and its ticket."""
    token = secrets.token_urlsafe(32)
    return token, Ticket(hash_token(token), person.id, person.rights_version)


class TicketStore:
    """The collection `tickets`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["tickets"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await index_by_age(self.collection)

    async def add(self, ticket: Ticket, at: datetime) -> None:
        """Store a new ticket."""
        async with available("ticket"):
            await self.collection.insert_one(
                {
                    "_id": ticket.id,
                    "person_id": ticket.person_id,
                    "rights_version": ticket.rights_version,
                    "at": at,
                    "tries": 0,
                }
            )

    async def take_try(self, token: str, at: datetime) -> Ticket | None:
        """The ticket of a token, with one try less; None when it is unknown, used or old, or has no try left."""
        async with available("ticket"):
            found = await self.collection.find_one_and_update(
                {"_id": hash_token(token), "at": {"$gt": at - _LASTS}, "tries": {"$lt": _MOST_TRIES}},
                {"$inc": {"tries": 1}},
            )
        return None if found is None else Ticket(found["_id"], found["person_id"], found["rights_version"])

    async def use(self, ticket: Ticket) -> bool:
        """Use the ticket up; False when another request was faster."""
        async with available("ticket"):
            result = await self.collection.delete_one({"_id": ticket.id})
        return bool(result.deleted_count)
