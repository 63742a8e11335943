"""Objects in MongoDB, in the format of GridFS (https://github.com/mongodb/specifications/blob/master/source/gridfs/gridfs-spec.md).

The key is the `filename`, unique here; the chunks hang on a random id, so that a move renames. Own code instead of the driver's
bucket: that one checks indexes at each upload, reads chunk by chunk, and leaves the chunks of a killed upload.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from datetime import timedelta

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from services.media.objects import NotFound, ObjectFacts
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    available,
    ensure_indexes,
)
from shared.times import now

CHUNK_BYTES = 255 * 1024
# Chunks of one write and one read. The embedded engine writes twice as fast with four as with one; more need more memory.
_BATCH = 4
# Batches that are encoded and written at once, so that memory does not grow with the number of uploads.
_WRITES_AT_ONCE = 4
# No `put` takes that long; its chunks are remains.
_ABANDONED_AFTER = timedelta(hours=2)


class GridFsStore:
    """The collections `fs.files`, `fs.chunks`, and `fs.puts`: writes in progress, so that their remains can be found."""

    def __init__(self, database: Database) -> None:
        self._files: Collection = database["fs.files"]
        self._chunks: Collection = database["fs.chunks"]
        self._puts: Collection = database["fs.puts"]
        self._writes = asyncio.Semaphore(_WRITES_AT_ONCE)

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self._files, [IndexModel([("filename", ASCENDING)], unique=True)])
        await ensure_indexes(self._chunks, [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)])
        await ensure_indexes(self._puts, [IndexModel([("at", ASCENDING)])])

    async def put(self, key: str, content_type: str, chunks: AsyncIterable[bytes]) -> int:
        """Write the chunks, then the file that names them."""
        known = await self.stat(key)
        if known is not None:
            return known.size_bytes
        files_id = ObjectId()
        async with available("begin of a file"):
            await self._puts.insert_one({"_id": files_id, "at": now()})
        try:
            size = await self._write_chunks(files_id, chunks)
            is_new = await self._write_file(files_id, key, content_type, size)
        except BaseException:
            await self._drop(files_id)
            raise
        if not is_new:
            await self._drop(files_id)
            return size
        async with available("end of a file"):
            await self._puts.delete_one({"_id": files_id})
        return size

    async def _write_chunks(self, files_id: ObjectId, chunks: AsyncIterable[bytes]) -> int:
        number = size = 0
        async for batch in _batches(chunks):
            documents = [{"files_id": files_id, "n": number + place, "data": data} for place, data in enumerate(batch)]
            async with self._writes, available("chunks of a file"):
                await self._chunks.insert_many(documents)
            number += len(batch)
            size += sum(map(len, batch))
        return size

    async def _write_file(self, files_id: ObjectId, key: str, content_type: str, size: int) -> bool:
        """Write the file's document; False when the key exists."""
        document: Document = {
            "_id": files_id,
            "filename": key,
            "length": size,
            "chunkSize": CHUNK_BYTES,
            "uploadDate": now(),
            "metadata": {"contentType": content_type},
        }
        try:
            async with available("file"):
                await self._files.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def _drop(self, files_id: ObjectId) -> None:
        async with available("remains of a file"):
            await self._chunks.delete_many({"files_id": files_id})
            await self._puts.delete_one({"_id": files_id})

    async def stat(self, key: str) -> ObjectFacts | None:
        """The facts in the file's document."""
        found = await self._find(key)
        return None if found is None else ObjectFacts(found["length"], found["metadata"]["contentType"])

    async def _find(self, key: str) -> Document | None:
        async with available("file by key"):
            return await self._files.find_one({"filename": key})

    async def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Read chunks by number. Raises NotFound, also when the file is deleted meanwhile."""
        found = await self._find(key)
        if found is None:
            raise NotFound(key)
        end = found["length"] if length is None else min(found["length"], start + length)
        first, last = start // CHUNK_BYTES, -(-end // CHUNK_BYTES)
        for number in range(first, last, _BATCH):
            upto = min(number + _BATCH, last)
            for place, data in enumerate(await self._some_chunks(key, found["_id"], number, upto), number):
                begin = place * CHUNK_BYTES
                yield data[max(0, start - begin) : end - begin]

    async def _some_chunks(self, key: str, files_id: ObjectId, first: int, upto: int) -> list[bytes]:
        wanted = {"files_id": files_id, "n": {"$gte": first, "$lt": upto}}
        async with available("chunks by number"):
            found = await self._chunks.find(wanted, {"n": 1, "data": 1}).to_list(None)
        if len(found) != upto - first:
            raise NotFound(key)
        return [bytes(document["data"]) for document in sorted(found, key=lambda document: int(document["n"]))]

    async def move(self, source: str, target: str) -> None:
        """Rename the file's document."""
        try:
            async with available("move of a file"):
                moved = await self._files.update_one({"filename": source}, {"$set": {"filename": target}})
        except DuplicateKeyError:
            await self.delete(source)
            return
        if not moved.matched_count:
            raise NotFound(source)

    async def delete(self, key: str) -> None:
        """Delete the file's document, then its chunks."""
        found = await self._find(key)
        if found is None:
            return
        async with available("deletion of a file"):
            await self._puts.replace_one({"_id": found["_id"]}, {"at": now()}, upsert=True)
            await self._files.delete_one({"_id": found["_id"]})
        await self._drop(found["_id"])

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """The keys below a prefix, by a range of the index."""
        wanted: Document = {"filename": {"$gte": prefix, "$lt": prefix + "\uffff"}} if prefix else {}
        async with available("keys of files"):
            async for found in self._files.find(wanted, {"filename": 1}):
                yield found["filename"]

    async def sweep(self) -> None:
        """Delete the chunks of files that were begun or deleted long ago, and whose process died."""
        async with available("remains of files"):
            old = await self._puts.find({"at": {"$lt": now() - _ABANDONED_AFTER}}).to_list(None)
        for begun in old:
            async with available("file of remains"):
                is_whole = await self._files.find_one({"_id": begun["_id"]}, {"_id": 1}) is not None
                if is_whole:
                    await self._puts.delete_one({"_id": begun["_id"]})
            if not is_whole:
                await self._drop(begun["_id"])

    async def close(self) -> None:
        """Do nothing: the client belongs to the service."""


async def _batches(chunks: AsyncIterable[bytes]) -> AsyncIterator[list[bytes]]:
    """The same bytes in lists of _BATCH chunks of CHUNK_BYTES each; the last one may be shorter."""
    full: list[bytes] = []
    waiting = bytearray()
    async for data in chunks:
        waiting += data
        while len(waiting) >= CHUNK_BYTES:
            full.append(bytes(waiting[:CHUNK_BYTES]))
            del waiting[:CHUNK_BYTES]
            if len(full) == _BATCH:
                yield full
                full = []
    if waiting:
        full.append(bytes(waiting))
    if full:
        yield full
