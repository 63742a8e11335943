"""Editors' tokens in MongoDB, by their hash. They are few, so lists may read the whole collection."""

from datetime import datetime, timedelta

from services.ingestion.people.tokens import TokenEntry, TokenOwner
from shared.http.bearer import hash_token
from shared.mongo.collections import Collection, Database, Document, Session, available

# A token in use writes at most once in this time.
_NOTED_EVERY = timedelta(minutes=1)


class TokenStore:
    """The collection `tokens`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["tokens"]

    async def add(
        self,
        token: str,
        owner: TokenOwner,
        at: datetime,
        *,
        expires_at: datetime | None = None,
        from_file: bool = False,
        session: Session | None = None,
    ) -> None:
        """Store a token's hash. A token that is already there stays as it is."""
        document = {
            "token_id": owner.token_id,
            "name": owner.name,
            "role": owner.role,
            "created_at": at,
            "expires_at": expires_at,
            "from_file": from_file,
        }
        async with available("tokens"):
            await self._collection.update_one(
                {"_id": hash_token(token)}, {"$setOnInsert": document}, upsert=True, session=session
            )

    async def find(self, token: str, at: datetime) -> TokenOwner | None:
        """The token's owner; None when the token is unknown, revoked or expired. Notes the use, at most once a minute."""
        async with available("tokens"):
            found = await self._collection.find_one({"_id": hash_token(token)})
            if found is None or (entry := _entry(found)).is_over(at):
                return None
            noted = entry.last_used_at
            if noted is None or at - noted >= _NOTED_EVERY:
                # Of the requests that come at the same time, one writes.
                as_read = {"_id": found["_id"], "last_used_at": noted}
                await self._collection.update_one(as_read, {"$set": {"last_used_at": at}})
        return entry.owner

    async def list(self) -> list[TokenEntry]:
        """All tokens, oldest first."""
        async with available("tokens"):
            found = await self._collection.find({}).to_list(None)
        return sorted((_entry(document) for document in found), key=lambda entry: entry.owner.token_id)

    async def find_by_id(self, token_id: str, session: Session | None = None) -> TokenEntry | None:
        """The token with this id, None when there is none."""
        async with available("tokens"):
            found = await self._collection.find_one({"token_id": token_id}, session=session)
        return None if found is None else _entry(found)

    async def revoke(self, token_id: str, at: datetime, session: Session | None = None) -> bool:
        """Revoke a token; False when there is no such token, or it was revoked before."""
        async with available("tokens"):
            result = await self._collection.update_one(
                {"token_id": token_id, "revoked_at": None}, {"$set": {"revoked_at": at}}, session=session
            )
        return bool(result.modified_count)

    async def keep_one_from_file(self, token: str, at: datetime) -> None:
        """Revoke earlier tokens from the token file: a new text in the file replaces them."""
        others = {"from_file": True, "_id": {"$ne": hash_token(token)}, "revoked_at": None}
        async with available("tokens"):
            await self._collection.update_many(others, {"$set": {"revoked_at": at}})


def _entry(document: Document) -> TokenEntry:
    return TokenEntry(
        TokenOwner(document["token_id"], document["name"], document["role"]),
        document["created_at"],
        document.get("expires_at"),
        document.get("last_used_at"),
        document.get("revoked_at"),
        document.get("from_file", False),
    )
