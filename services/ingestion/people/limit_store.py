"""Failures of sign-ins in MongoDB, by key."""

from collections.abc import Sequence
from datetime import timedelta

from services.ingestion.people.limits import NONE, Failures
from shared.mongo.collections import Collection, Database, DuplicateKeyError, available
from shared.mongo.expiry import index_by_age

KEPT_FOR = timedelta(days=1)


class LimitStore:
    """The collection `sign_in_limits`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["sign_in_limits"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await index_by_age(self.collection)

    async def find(self, key: str) -> Failures:
        """The failures of a key."""
        async with available("limits of sign-in"):
            found = await self.collection.find_one({"_id": key})
        return NONE if found is None else Failures(found["failures"], found["at"])

    async def replace(self, key: str, before: Failures, after: Failures) -> bool:
        """Store failures in place of those that were read; False when another request was faster."""
        fields = {"failures": after.number, "at": after.at}
        async with available("limits of sign-in"):
            if before is not NONE:
                as_read = {"_id": key, "failures": before.number, "at": before.at}
                return bool((await self.collection.update_one(as_read, {"$set": fields})).matched_count)
            try:
                await self.collection.insert_one({"_id": key, **fields})
            except DuplicateKeyError:
                return False
        return True

    async def lower(self, keys: Sequence[str]) -> None:
        """Take one failure of each key back."""
        async with available("limits of sign-in"):
            for key in keys:
                await self.collection.update_one({"_id": key, "failures": {"$gt": 0}}, {"$inc": {"failures": -1}})

    async def forget(self, key: str) -> None:
        """Delete the failures of a key."""
        async with available("limits of sign-in"):
            await self.collection.delete_one({"_id": key})
