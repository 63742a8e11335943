"""Commands over all pictures, and the sweeper."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import timedelta

from obstore.store import MemoryStore

from services.media.api import upkeep
from services.media.bucket_store import BucketStore
from services.media.moving_store import MovingStore
from shared.ids import new_id
from shared.times import now
from tests.support.commands import world_monitor
from tests.support.media import MediaService, running_media

Draw = Callable[[], bytes]


async def _put(media: MediaService, key: str) -> None:
    async def once() -> AsyncIterator[bytes]:
        yield b"x"

    await media.objects.put(key, "image/jpeg", once())


async def test_unused_pictures_are_listed_and_removed_by_command(
    mongo_url: str, mongo_database: str, picture: Draw
) -> None:
    async with running_media(mongo_url, mongo_database) as media:
        used, unused = [(await media.added(picture()))["id"] for _ in range(2)]
        media.ingestion.use(used)
        settings = {
            "WM_MONGO": mongo_url, "WM_MEDIA_DATABASE": mongo_database, "WM_INGESTION": media.ingestion_url
        }  # fmt: skip

        listed = await asyncio.to_thread(world_monitor, "media", "unused", "--json", **settings)
        fresh = await asyncio.to_thread(world_monitor, "media", "remove-unused", "--json", **settings)
        removed = await asyncio.to_thread(world_monitor, "media", "remove-unused", "--days", "0", **settings)
        no_store = await asyncio.to_thread(world_monitor, "media", "move-store", **settings)

        assert [one["id"] for one in json.loads(listed.stdout)] == [unused]
        assert json.loads(fresh.stdout) == []
        assert removed.stdout.startswith(unused)
        assert "WM_MEDIA_STORE_FORMER" in no_store.stderr
        assert no_store.returncode == 1
        assert await media.store.pictures.find(unused) is None
        assert (await media.shown(used))["id"] == used


async def test_all_files_move_while_a_reader_reads(mongo_url: str, mongo_database: str, picture: Draw) -> None:
    async with running_media(mongo_url, mongo_database) as media:
        answers = [await media.added(picture()) for _ in range(3)]
        before, lines = await media.keys(), list[str]()
        present = BucketStore(MemoryStore())
        store = MovingStore(present, media.objects)
        original = str(answers[0]["url"]).removeprefix("/media/")
        async with aclosing(store.read(original)) as reader:  # type: ignore[type-var]
            first = await anext(reader)

            count, size = await upkeep.move_files(store, lines.append)

            assert (count, await media.keys()) == (len(before), [])
            assert sorted([key async for key in present.keys("")]) == before
            assert first + b"".join([data async for data in reader]) == b"".join(
                [data async for data in present.read(original)]
            )
        assert size > 0
        assert lines[-1].startswith(f"{count} files moved")
        assert await upkeep.move_files(store, lines.append) == (0, 0)


async def test_rebuild_waits_until_the_worker_has_made_everything(
    mongo_url: str, mongo_database: str, picture: Draw
) -> None:
    async with running_media(mongo_url, mongo_database) as media:
        ids = [(await media.added(picture()))["id"] for _ in range(2)]
        pictures = media.store.pictures.collection
        await pictures.update_many({}, {"$set": {"variants": "done"}})
        lines: list[str] = []

        rebuilding = asyncio.create_task(upkeep.rebuild_variants(media.store.pictures, (), lines.append))
        while not lines:
            await asyncio.sleep(0.01)
        await pictures.update_many({}, {"$set": {"variants": "done"}})

        assert await rebuilding == len(ids)
        assert lines[0] == "2 pictures wait"


async def test_sweeper_deletes_remains_and_nothing_else(media: MediaService, picture: Draw) -> None:
    answer = await media.added(picture())
    folder = str(answer["url"]).split("/")[2]
    kept = await media.keys(f"{folder}/")
    in_progress, orphan, at = f"staging/{new_id()}", "0" * 15 + "1", now()
    for key in (in_progress, f"{in_progress}.original", f"{orphan}/upload", f"{orphan}/original-00000000.jpg"):
        await _put(media, key)
    # A process died with the lease of a folder without a picture, another with that of a whole one.
    for lost in (orphan, folder):
        assert await media.store.leases.take(lost, "dead", at - timedelta(hours=1))

    await media.sweep(at)
    early = await media.keys("staging/")
    await media.sweep(at + timedelta(hours=3))

    assert early == [in_progress, f"{in_progress}.original"]
    assert await media.keys("staging/") == []
    assert await media.keys(f"{orphan}/") == []
    assert await media.keys(f"{folder}/") == kept
    assert await media.store.leases.expired(at + timedelta(hours=9)) == []


async def test_half_deletion_is_ended_and_that_of_a_used_picture_undone(media: MediaService, picture: Draw) -> None:
    half, used = [await media.added(picture()) for _ in range(2)]
    for one in (half, used):
        await media.store.pictures.begin_deletion(one["id"], now())
    media.ingestion.use(used["id"])

    await media.sweep(now() + timedelta(minutes=10))

    assert await media.store.pictures.find(half["id"]) is None
    assert await media.keys(f"{str(half['url']).split('/')[2]}/") == []
    assert (await media.shown(used["id"]))["id"] == used["id"]
    assert (await media.client.get(used["url"])).status == 200


async def test_starting_process_ends_the_leases_of_the_one_it_replaces(
    mongo_url: str, mongo_database: str, picture: Draw
) -> None:
    content = picture()
    async with running_media(mongo_url, mongo_database) as media:
        folder = str((await media.added(content))["url"]).split("/")[2]
        assert await media.store.leases.take(folder, "killed", now())
        held = await media.store.leases.expired(now())

    async with running_media(mongo_url, mongo_database) as media:
        answer = (await (await media.upload(content)).json())["id"]
        changed = await media.change(await media.shown(answer), {"credit": "The Desk"})

    assert held == []
    assert changed.status == 200
