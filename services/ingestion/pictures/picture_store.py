"""Ingestion's copy of the facts of pictures, in MongoDB. media announces each change; the newest version counts."""

import math
from collections.abc import Iterable

from shared.mongo.collections import Collection, Database, DuplicateKeyError, available
from shared.pictures import PictureRecord


class PictureStore:
    """The collection `pictures`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["pictures"]

    async def find(self, ids: Iterable[str]) -> dict[str, PictureRecord]:
        """The known ones of these pictures, by id."""
        wanted = list(ids)
        if not wanted:
            return {}
        async with available("pictures"):
            found = await self.collection.find({"_id": {"$in": wanted}}).to_list(None)
        return {document["_id"]: PictureRecord.model_validate(document["record"]) for document in found}

    async def keep(self, record: PictureRecord) -> None:
        """Keep the record unless a newer one is there."""
        document = {"version": record.version, "record": record.model_dump(), "applied_version": 0}
        older = {"_id": record.id, "version": {"$lt": record.version}}
        async with available("pictures"):
            changed = {"version": record.version, "record": record.model_dump()}
            if (await self.collection.update_one(older, {"$set": changed})).matched_count:
                return
            try:
                await self.collection.insert_one({"_id": record.id, **document})
            except DuplicateKeyError:
                return  # a newer one, or the same

    async def left(self, record: PictureRecord) -> float:
        """The number below which articles may still show an earlier version: infinity for all of them, 0 for none."""
        async with available("pictures"):
            found = await self.collection.find_one({"_id": record.id}, {"applied_version": 1, "progress": 1})
        if found is None:
            return math.inf
        if int(found["applied_version"]) >= record.version:
            return 0
        progress = found.get("progress") or {}
        return int(progress["below"]) if progress.get("version") == record.version else math.inf

    async def note_progress(self, record: PictureRecord, below: int) -> None:
        """Articles with this number and higher ones show the version; one that begins to show it takes the newest."""
        async with available("pictures"):
            progress = {"version": record.version, "below": below}
            await self.collection.update_one({"_id": record.id}, {"$set": {"progress": progress}})

    async def note_applied(self, record: PictureRecord) -> None:
        """All articles that use the picture have this version."""
        older = {"_id": record.id, "applied_version": {"$lt": record.version}}
        done = {"$set": {"applied_version": record.version}, "$unset": {"progress": ""}}
        async with available("pictures"):
            await self.collection.update_one(older, done)

    async def forget(self, picture_id: str) -> None:
        """Delete the copy of a picture that the store no longer has."""
        async with available("pictures"):
            await self.collection.delete_one({"_id": picture_id})
