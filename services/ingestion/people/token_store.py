"""Editors' tokens in MongoDB, by their hash. They are few, so lists may read the whole collection."""

from datetime import datetime

from services.ingestion.people.tokens import TokenEntry, TokenOwner
from shared.http.bearer import hash_token
from shared.mongo.collections import Collection, Database, Document, available


class TokenStore:
    """The collection `tokens`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["tokens"]

    async def add(self, token: str, owner: TokenOwner, at: datetime, *, from_file: bool = False) -> None:
        """Store a token's hash. A token that is already there stays as it is."""
        document = {
            "token_id": owner.token_id,
            "name": owner.name,
            "role": owner.role,
            "created_at": at,
            "from_file": from_file,
        }
        async with available("tokens"):
            await self._collection.update_one({"_id": hash_token(token)}, {"$setOnInsert": document}, upsert=True)

    async def find(self, token: str) -> TokenOwner | None:
        """The token's owner; None when the token is unknown or revoked."""
        async with available("tokens"):
            found = await self._collection.find_one({"_id": hash_token(token)})
        return None if found is None or found.get("revoked_at") else _owner(found)

    async def list(self) -> list[TokenEntry]:
        """All tokens, oldest first."""
        async with available("tokens"):
            found = await self._collection.find({}).to_list(None)
        entries = [
            TokenEntry(_owner(document), document["created_at"], document.get("revoked_at")) for document in found
        ]
        return sorted(entries, key=lambda entry: entry.owner.token_id)

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """Revoke a token; False when there is no such valid token."""
        async with available("tokens"):
            result = await self._collection.update_one(
                {"token_id": token_id, "revoked_at": None}, {"$set": {"revoked_at": at}}
            )
        return bool(result.modified_count)

    async def keep_one_from_file(self, token: str, at: datetime) -> None:
        """Revoke earlier tokens from the token file: a new text in the file replaces them."""
        others = {"from_file": True, "_id": {"$ne": hash_token(token)}, "revoked_at": None}
        async with available("tokens"):
            await self._collection.update_many(others, {"$set": {"revoked_at": at}})


def _owner(document: Document) -> TokenOwner:
    return TokenOwner(document["token_id"], document["name"], document["role"])
