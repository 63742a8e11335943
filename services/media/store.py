"""The service's database: pictures, leases of their folders, stored answers. Files are in an `Objects`.

Only `*store.py` files know collections. Reads use a key, or an index on equality or a bounded range.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import uuid4

from pymongo import ASCENDING, IndexModel

from services.media.records import Picture, from_document, to_document
from shared.errors import Unavailable
from shared.http.idempotency import Answers
from shared.mongo.client import Mongo
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
from shared.times import now

_INDEXES = [
    IndexModel([("sha256", ASCENDING)], unique=True),
    IndexModel([("folder", ASCENDING)], unique=True),
    IndexModel([("updated_at", ASCENDING)]),
    IndexModel([("is_announced", ASCENDING)]),
    IndexModel([("variants", ASCENDING)]),
    IndexModel([("sweep_at", ASCENDING)]),
    IndexModel([("deleted_at", ASCENDING)]),
]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# What a holder does under a lease takes seconds; the rest is for clocks that differ.
LEASE = timedelta(seconds=60)
_HELD_S = 40.0
_WAIT_S = 5.0
_WAIT_AGAIN_S = 0.05


class PictureStore:
    """The collection `pictures`. Methods without a session raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["pictures"]

    async def find(self, picture_id: str) -> Picture | None:
        """The picture, also one that is being deleted; None when there is none."""
        return await self._find_one({"_id": picture_id})

    async def with_sha256(self, sha256: str) -> Picture | None:
        """The picture of a file, also one that is being deleted."""
        return await self._find_one({"sha256": sha256})

    async def in_folder(self, folder: str) -> Picture | None:
        """The picture of a folder, also one that is being deleted."""
        return await self._find_one({"folder": folder})

    async def by_ids(self, picture_ids: Iterable[str]) -> dict[str, Picture]:
        """These pictures, by id, without those that are being deleted."""
        found = await self._find_all({"_id": {"$in": list(picture_ids)}})
        return {picture.id: picture for picture in found if picture.deleted_at is None}

    async def unannounced(self) -> Sequence[Picture]:
        """Pictures that ingestion does not know yet in their present version, the oldest change first."""
        found = await self._find_all({"is_announced": False})
        return sorted((one for one in found if one.deleted_at is None), key=lambda one: one.updated_at)

    async def changed_since(self, moment: datetime | None) -> Sequence[Picture]:
        """Pictures that a person changed since then; all of them without a moment."""
        return await self._find_all({"updated_at": {"$gte": moment}} if moment else {})

    async def with_old_stamps(self, before: datetime) -> Sequence[Picture]:
        """Pictures with a stamp that was replaced before that time."""
        return await self._find_all({"sweep_at": {"$gte": _LONG_AGO, "$lt": before}})

    async def deleted(self, before: datetime) -> Sequence[Picture]:
        """Pictures whose deletion began before that time and has not ended."""
        return await self._find_all({"deleted_at": {"$gte": _LONG_AGO, "$lt": before}})

    async def _find_one(self, wanted: Document) -> Picture | None:
        async with available("picture"):
            found = await self.collection.find_one(wanted)
        return None if found is None else from_document(found)

    async def _find_all(self, wanted: Document) -> Sequence[Picture]:
        async with available("pictures"):
            found = await self.collection.find(wanted).to_list(None)
        return [from_document(document) for document in found]

    async def add(self, picture: Picture, session: Session) -> None:
        """Add a picture. Raises DuplicateKeyError for a known file."""
        await self.collection.insert_one(to_document(picture), session=session)

    async def change(self, picture: Picture, before: Picture, session: Session) -> bool:
        """Store a person's change, unless the picture has another version by now. The worker's queue is left alone, except
        that new facts make the variants wait.
        """
        fields = to_document(picture)
        queue = ("variants", "tries", "claimed_until")
        left = ("_id", *(() if picture.facts.stamp != before.facts.stamp else queue))
        changed = {name: value for name, value in fields.items() if name not in left}
        wanted = {"_id": picture.id, "version": before.version, "deleted_at": None}
        return bool((await self.collection.update_one(wanted, {"$set": changed}, session=session)).matched_count)

    async def announced(self, picture: Picture) -> None:
        """Note that ingestion knows this version."""
        async with available("announced picture"):
            await self.collection.update_one(
                {"_id": picture.id, "version": picture.version}, {"$set": {"is_announced": True}}
            )

    async def make_again(self, picture_id: str) -> bool:
        """Queue the variants of a picture whose variants were made. Returns whether it was."""
        wanted = {"_id": picture_id, "variants": {"$in": ["done", "refused"]}, "deleted_at": None}
        again = {"variants": "waiting", "tries": 0, "claimed_until": None}
        async with available("lost variants"):
            return bool((await self.collection.update_one(wanted, {"$set": again})).matched_count)

    async def count_waiting(self) -> int:
        """The number of pictures whose variants are not made yet."""
        async with available("count of waiting pictures"):
            return int(await self.collection.count_documents({"variants": "waiting"}))

    async def begin_deletion(self, picture_id: str, at: datetime) -> bool:
        """Show the picture nowhere from now on. Returns whether it was there."""
        async with available("begin of a deletion"):
            marked = await self.collection.update_one(
                {"_id": picture_id, "deleted_at": None}, {"$set": {"deleted_at": at}}
            )
        return bool(marked.matched_count)

    async def undo_deletion(self, picture_id: str, at: datetime) -> None:
        """Show the picture again, also in lists."""
        async with available("undone deletion"):
            await self.collection.update_one({"_id": picture_id}, {"$set": {"deleted_at": None, "updated_at": at}})

    async def end_deletion(self, picture_id: str) -> None:
        """Delete the document of a picture that is being deleted."""
        async with available("end of a deletion"):
            await self.collection.delete_one({"_id": picture_id, "deleted_at": {"$gte": _LONG_AGO}})

    async def forget_stamps(self, picture: Picture, stamps: Iterable[str]) -> None:
        """Drop old stamps whose files are deleted; call under the folder's lease."""
        gone = set(stamps)
        kept = replace(picture, old_stamps=tuple(old for old in picture.old_stamps if old.stamp not in gone))
        fields = to_document(kept)
        async with available("old stamps"):
            await self.collection.update_one(
                {"_id": picture.id}, {"$set": {"old_stamps": fields["old_stamps"], "sweep_at": fields["sweep_at"]}}
            )


class LeaseStore:
    """The collection `leases`: who may change a folder's files and their picture together.

    A lease that ran out also tells the sweeper that a process died over a folder.
    """

    def __init__(self, database: Database, process: str) -> None:
        self._collection: Collection = database["leases"]
        self._process = process

    async def take_over(self) -> None:
        """Let the leases of a killed process with our name run out: nobody need wait for them."""
        async with available("leases of our predecessor"):
            await self._collection.update_many({"process": self._process}, {"$set": {"until": now()}})

    async def take(self, folder: str, holder: str, at: datetime) -> bool:
        """Take a free or expired lease; False when another holds it."""
        free = {"_id": folder, "until": {"$lt": at}}
        lease = {"holder": holder, "process": self._process, "until": at + LEASE}
        async with available("lease of a folder"):
            try:
                await self._collection.update_one(free, {"$set": lease}, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    async def release(self, folder: str, holder: str) -> None:
        """Give a lease back."""
        async with available("release of a folder"):
            await self._collection.delete_one({"_id": folder, "holder": holder})

    async def expired(self, at: datetime) -> Sequence[str]:
        """Folders whose holder died."""
        async with available("expired leases"):
            found = await self._collection.find({}).to_list(None)
        return [lease["_id"] for lease in found if lease["until"] < at]

    @asynccontextmanager
    async def held(self, folder: str, *, lingers: bool = False) -> AsyncIterator[None]:
        """Hold a folder's lease for a block, which is ended well within LEASE. Raises Unavailable then, and when another holds it.

        After a failure the sweeper looks at the folder. With `lingers` nobody may take the lease before it runs out: a deletion
        of the failed block may still be on its way.
        """
        holder = uuid4().hex
        await self._take_soon(folder, holder)
        try:
            async with asyncio.timeout(_HELD_S):
                yield
        except TimeoutError as error:
            raise Unavailable(f"the work in the folder {folder} took too long") from error
        except BaseException:
            if not lingers:
                await self._let_go(folder, holder)
            raise
        await self.release(folder, holder)

    async def _take_soon(self, folder: str, holder: str) -> None:
        began = monotonic()
        while not await self.take(folder, holder, now()):
            if monotonic() - began > _WAIT_S:
                raise Unavailable(f"another request changes the folder {folder}")
            await asyncio.sleep(_WAIT_AGAIN_S)

    async def _let_go(self, folder: str, holder: str) -> None:
        """Let the lease run out now. Where MongoDB does not answer, it runs out by itself."""
        with suppress(Unavailable):
            async with available("failed work in a folder"):
                await self._collection.update_one({"_id": folder, "holder": holder}, {"$set": {"until": now()}})


class SuspectStore:
    """The collection `suspects`: folders of deleted pictures, at which the sweeper looks once more."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["suspects"]

    async def add(self, folder: str, at: datetime) -> None:
        """Note a folder."""
        async with available("suspect folder"):
            await self._collection.replace_one({"_id": folder}, {"at": at}, upsert=True)

    async def before(self, at: datetime) -> Sequence[str]:
        """Folders that were noted before that time."""
        async with available("suspect folders"):
            found = await self._collection.find({}).to_list(None)
        return [suspect["_id"] for suspect in found if suspect["at"] < at]

    async def clear(self, folder: str) -> None:
        """Drop a folder's note."""
        async with available("clear folder"):
            await self._collection.delete_one({"_id": folder})


class Store:
    """The service's database: all that one transaction may change together."""

    def __init__(self, mongo: Mongo, *, database: str = "media", process: str = "") -> None:
        self.mongo = mongo
        self.database = mongo.database(database)
        self.pictures = PictureStore(self.database)
        self.leases = LeaseStore(self.database, process)
        self.suspects = SuspectStore(self.database)
        self.answers = Answers(self.database)

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self.pictures.collection, _INDEXES)
        await index_by_age(self.answers.collection)
