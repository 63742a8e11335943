"""Invitations in MongoDB, by the hash of their token. A person has one at a time."""

import secrets
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from services.ingestion.people.records import INVITATION_LASTS, Invitation
from shared.http.bearer import hash_token
from shared.mongo.collections import Collection, Database, Document, Session, available, ensure_indexes
from shared.mongo.expiry import index_by_age

# A used or old invitation is known for some time, so that its link can say so.
KEPT_FOR = timedelta(days=30)


def make_invitation_token() -> str:
    """A new token of 256 random bits, for the link."""
    return secrets.token_urlsafe(32)


class InvitationStore:
    """The collection `invitations`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["invitations"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await index_by_age(self.collection)
        await ensure_indexes(self.collection, [IndexModel([("person_id", ASCENDING)])])

    async def replace(
        self, person_id: str, token: str, at: datetime, session: Session, *, resets_factors: bool = False
    ) -> datetime:
        """Store a new invitation in place of the person's earlier ones. Returns its end."""
        expires_at = at + INVITATION_LASTS
        document = {
            "_id": hash_token(token),
            "person_id": person_id,
            "at": at,
            "expires_at": expires_at,
            "used_at": None,
            "resets_factors": resets_factors,
        }
        await self.withdraw(person_id, session)
        async with available("invitation", session):
            await self.collection.insert_one(document, session=session)
        return expires_at

    async def withdraw(self, person_id: str, session: Session) -> None:
        """Delete a person's invitations."""
        async with available("invitations", session):
            await self.collection.delete_many({"person_id": person_id}, session=session)

    async def find(self, token: str) -> Invitation | None:
        """The invitation, None when it is unknown."""
        async with available("invitation"):
            found = await self.collection.find_one({"_id": hash_token(token)})
        return None if found is None else _invitation(found)

    async def use(self, token: str, at: datetime, session: Session) -> bool:
        """Mark the invitation as used; False when another request was faster, or it is old."""
        async with available("invitation", session):
            result = await self.collection.update_one(
                {"_id": hash_token(token), "used_at": None, "expires_at": {"$gt": at}},
                {"$set": {"used_at": at}},
                session=session,
            )
        return bool(result.modified_count)


def _invitation(found: Document) -> Invitation:
    return Invitation(found["person_id"], found["expires_at"], found["used_at"], found["resets_factors"])
