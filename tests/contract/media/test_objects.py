"""One suite for every store of files."""

import os
from collections.abc import AsyncIterator

import pytest

from services.media.gridfs_store import CHUNK_BYTES, GridFsStore
from services.media.objects import NotFound, ObjectFacts, Objects
from shared.mongo.client import Mongo


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    client = Mongo(mongo_url)
    yield client
    client.close()


@pytest.fixture
async def objects(mongo: Mongo, mongo_database: str) -> Objects:
    store = GridFsStore(mongo.database(mongo_database))
    await store.prepare()
    return store


async def pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def whole(objects: Objects, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([data async for data in objects.read(key, start, length)])


async def keys(objects: Objects, prefix: str) -> list[str]:
    return sorted([key async for key in objects.keys(prefix)])


async def test_object_is_read_whole_and_by_range(objects: Objects) -> None:
    data = os.urandom(5 * CHUNK_BYTES + 17)

    size = await objects.put("a1/upload", "image/png", pieces(data))

    assert size == len(data)
    assert await objects.stat("a1/upload") == ObjectFacts(len(data), "image/png")
    assert await whole(objects, "a1/upload") == data
    for start, length in ((0, 1), (CHUNK_BYTES - 1, 2), (3, 4 * CHUNK_BYTES), (len(data) - 5, 100), (len(data), 1)):
        assert await whole(objects, "a1/upload", start, length) == data[start : start + length]


async def test_known_key_keeps_its_bytes_and_a_failed_put_leaves_none(objects: Objects) -> None:
    async def breaks_off() -> AsyncIterator[bytes]:
        yield os.urandom(6 * CHUNK_BYTES)
        raise ConnectionError

    await objects.put("b/first", "image/png", pieces(b"first"))
    await objects.put("b/first", "image/png", pieces(b"second"))
    with pytest.raises(ConnectionError):
        await objects.put("b/broken", "image/png", breaks_off())

    assert await whole(objects, "b/first") == b"first"
    assert await objects.stat("b/broken") is None
    assert await keys(objects, "b/") == ["b/first"]


async def test_move_renames_and_spares_an_existing_target(objects: Objects) -> None:
    for key in ("staging/x", "staging/y"):
        await objects.put(key, "image/jpeg", pieces(key.encode()))

    await objects.move("staging/x", "c/upload")
    await objects.move("staging/y", "c/upload")

    assert await whole(objects, "c/upload") == b"staging/x"
    assert await keys(objects, "staging/") == []
    with pytest.raises(NotFound):
        await objects.move("staging/x", "c/other")


async def test_deleted_object_is_gone_and_its_key_free(objects: Objects) -> None:
    await objects.put("d/a", "image/png", pieces(b"old"))
    await objects.put("dd/a", "image/png", pieces(b"other"))

    await objects.delete("d/a")
    await objects.delete("d/a")
    await objects.put("d/a", "image/webp", pieces(b"new"))

    assert await whole(objects, "d/a") == b"new"
    assert await keys(objects, "d/") == ["d/a"]
    assert await keys(objects, "") == ["d/a", "dd/a"]
    with pytest.raises(NotFound):
        await whole(objects, "d/none")
