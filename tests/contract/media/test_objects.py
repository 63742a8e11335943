"""One suite for every store of files."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from services.media.bucket_store import BucketStore, open_bucket
from services.media.gridfs_store import CHUNK_BYTES, GridFsStore
from services.media.moving_store import MovingStore
from services.media.objects import NotFound, ObjectFacts, Objects
from services.media.settings import MediaSettings
from shared.mongo.client import Mongo
from shared.mongo.collections import Database
from tests.support.s3_server import running_s3_server


def in_gridfs(database: Database) -> Objects:
    return GridFsStore(database)


def in_memory(_: Database) -> Objects:
    return BucketStore(MemoryStore())


def between(database: Database) -> Objects:
    return MovingStore(present=BucketStore(MemoryStore()), former=GridFsStore(database))


@pytest.fixture(params=[in_gridfs, in_memory, between])
async def objects(request: pytest.FixtureRequest, mongo_url: str, mongo_database: str) -> AsyncIterator[Objects]:
    mongo = Mongo(mongo_url)
    opened: Objects = request.param(mongo.database(mongo_database))
    await opened.prepare()
    yield opened
    mongo.close()


async def pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def whole(objects: Objects, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([data async for data in objects.read(key, start, length)])


async def keys(objects: Objects, prefix: str) -> list[str]:
    return sorted([key async for key in objects.keys(prefix)])


async def test_object_is_read_whole_and_by_range(objects: Objects) -> None:
    await read_whole_and_by_range(objects)


async def read_whole_and_by_range(objects: Objects) -> None:
    data = os.urandom(5 * CHUNK_BYTES + 17)

    size = await objects.put("a1/upload.png", "image/png", pieces(data))

    assert size == len(data)
    assert await objects.stat("a1/upload.png") == ObjectFacts(len(data), "image/png")
    assert await whole(objects, "a1/upload.png") == data
    for start, length in ((0, 1), (CHUNK_BYTES - 1, 2), (3, 4 * CHUNK_BYTES), (len(data) - 5, 100), (len(data), 1)):
        assert await whole(objects, "a1/upload.png", start, length) == data[start : start + length]


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


async def test_file_is_read_while_it_moves_and_then_is_in_one_store(mongo_url: str, mongo_database: str) -> None:
    mongo = Mongo(mongo_url)
    former = GridFsStore(mongo.database(mongo_database))
    await former.prepare()
    present = BucketStore(MemoryStore())
    store, data = MovingStore(present, former), os.urandom(20 * CHUNK_BYTES)
    await former.put("a/original-0.jpg", "image/jpeg", pieces(data))

    reader = store.read("a/original-0.jpg")
    begun = await anext(reader)
    moved = await store.bring("a/original-0.jpg")
    rest = [part async for part in reader]

    assert begun + b"".join(rest) == data
    assert (moved, await store.bring("a/original-0.jpg")) == (len(data), 0)
    assert await former.stat("a/original-0.jpg") is None
    assert await whole(store, "a/original-0.jpg", 7, 9) == data[7:16]
    assert await keys(store, "a/") == ["a/original-0.jpg"]
    mongo.close()


@pytest.mark.long
async def test_s3_server_passes_the_same_suite(tmp_path: Path) -> None:
    async with running_s3_server(tmp_path) as server:
        secret = tmp_path / "secret"
        secret.write_text(server.secret)
        settings = MediaSettings(
            media_store_endpoint=server.url,
            media_store_region="us-east-1",
            media_store_key=server.key,
            media_store_secret_file=secret,
        )
        for number, check in enumerate(
            (
                read_whole_and_by_range,
                test_known_key_keeps_its_bytes_and_a_failed_put_leaves_none,
                test_move_renames_and_spares_an_existing_target,
                test_deleted_object_is_gone_and_its_key_free,
            )
        ):
            await check(open_bucket(f"s3://{server.bucket}/{number}/pictures", settings))
        big, data = open_bucket(f"s3://{server.bucket}", settings), os.urandom(12 * 1024 * 1024)
        await big.put("big/upload", "image/png", pieces(data))
        assert await whole(big, "big/upload") == data
