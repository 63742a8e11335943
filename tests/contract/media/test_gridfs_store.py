"""Remains in GridFS of processes that died."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.media.gridfs_store import GridFsStore
from shared.mongo.client import Mongo
from shared.times import now


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    client = Mongo(mongo_url)
    yield client
    client.close()


async def test_chunks_of_a_killed_write_are_swept_and_a_whole_file_is_not(mongo: Mongo, mongo_database: str) -> None:
    async def once(data: bytes) -> AsyncIterator[bytes]:
        yield data

    database = mongo.database(mongo_database)
    store = GridFsStore(database)
    await store.prepare()
    await store.put("a/whole", "image/png", once(b"whole"))
    whole = await database["fs.files"].find_one({})
    assert whole is not None
    long_ago = now() - timedelta(hours=3)
    await database["fs.puts"].insert_many(
        [{"_id": "killed", "at": long_ago}, {"_id": "at work", "at": now()}, {"_id": whole["_id"], "at": long_ago}]
    )
    await database["fs.chunks"].insert_many(
        [{"files_id": files_id, "n": 0, "data": b"x"} for files_id in ("killed", "at work")]
    )

    await store.sweep()

    assert set(await database["fs.chunks"].distinct("files_id")) == {"at work", whole["_id"]}
    assert await database["fs.puts"].distinct("_id") == ["at work"]
