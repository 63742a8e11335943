"""An acknowledged picture is in the store, whole, whichever process is killed; of a half upload nothing stays."""

import asyncio
import hashlib
import io
import time
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from PIL import Image

from services.media import gridfs_store
from services.media.api.ingestion_client import IngestionClient
from services.media.api.removal import Removal
from services.media.api.sweeper import Sweeper
from services.media.gridfs_store import GridFsStore
from services.media.objects import UPLOAD
from services.media.store import Store
from shared.mongo.client import Mongo
from shared.times import now
from tests.support.faults import RECOVERY_BAR_S, kill_repeatedly, report
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

VICTIMS = [("media", 1), ("media-worker", 1), ("mongo", 1)]
# One answer says that the faults came in between, so the test must see some of both kinds.
TOO_FEW = 3
EXTRA_TIME_S = 60.0
# Longer than any remains are left alone.
LATER = timedelta(hours=3)


def draw() -> bytes:
    """A picture of noise, like no other, large enough to arrive in parts."""
    written = io.BytesIO()
    Image.effect_noise((640, 480), 80).convert("RGB").save(written, "PNG")
    return written.getvalue()


@dataclass
class Uploader:
    """Uploads one picture after another. Keeps the hashes of acknowledged uploads by id, and counts the other answers."""

    platform: Platform
    acknowledged: dict[str, str] = field(default_factory=dict)
    failed: int = 0

    async def work(self, until: float) -> None:
        while (at := time.monotonic()) < until or (len(self.acknowledged) <= TOO_FEW and at < until + EXTRA_TIME_S):
            try:
                await self._upload()
            except (aiohttp.ClientError, TimeoutError):
                self.failed += 1
            await asyncio.sleep(0.05)

    async def _upload(self) -> None:
        data = await asyncio.to_thread(draw)
        form = aiohttp.FormData({"alt": "Noise"})
        form.add_field("file", data, filename="noise.png")
        url = f"{self.platform.edge}/v1/media"
        async with self.platform.http.post(url, data=form, headers=self.platform.editor) as answer:
            if answer.status != 201:
                self.failed += 1
                return
            picture = await answer.json()
        self.acknowledged[picture["id"]] = hashlib.sha256(data).hexdigest()
        assert picture["sha256"] == self.acknowledged[picture["id"]]


async def test_acknowledged_picture_is_whole_while_media_its_worker_and_mongodb_are_killed(
    platform: Platform, fault_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    victims = [victim for victim in VICTIMS if platform.processes(victim[0])]
    uploader = Uploader(platform)
    uploading = asyncio.create_task(uploader.work(time.monotonic() + max(fault_seconds, 12)))

    recoveries = await kill_repeatedly(platform, victims, seconds=max(fault_seconds, 12), every_s=4)
    await uploading

    assert len(uploader.acknowledged) > TOO_FEW, "too few uploads were acknowledged, so the test proves nothing"
    mongo = Mongo(str(platform.facts()["mongo"]))
    store, objects = Store(mongo), GridFsStore(mongo.database("media"))
    for picture_id, sha256 in uploader.acknowledged.items():
        await _expect_whole(platform, objects, picture_id, sha256)
    left = await _sweep_later(platform, store, objects, monkeypatch)
    await _expect_no_chunk_without_a_file(store)
    mongo.close()
    report(
        f"media, media-worker and MongoDB killed: {len(uploader.acknowledged)} pictures acknowledged and whole, "
        f"{uploader.failed} uploads failed, nothing of them left",
        None,
        recoveries,
    )
    assert left == []
    assert max(recoveries) < RECOVERY_BAR_S


async def _expect_whole(platform: Platform, objects: GridFsStore, picture_id: str, sha256: str) -> None:
    async with platform.http.get(f"{platform.edge}/v1/media/{picture_id}", headers=platform.editor) as answer:
        assert answer.status == 200, picture_id
        picture = await answer.json()
    folder = picture["url"].split("/")[2]
    kept = hashlib.sha256()
    async for data in objects.read(f"{folder}/{UPLOAD}"):
        kept.update(data)
    assert kept.hexdigest() == picture["sha256"] == sha256
    async with platform.http.get(platform.edge + picture["url"]) as answer:
        shown = Image.open(io.BytesIO(await answer.read()))
        assert (answer.status, shown.size) == (200, (640, 480))


async def _sweep_later(
    platform: Platform, store: Store, objects: GridFsStore, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Sweep as if it were some hours later. Returns what is left of uploads that nobody acknowledged, as keys."""
    ingestion = IngestionClient([platform.url("ingestion")])
    monkeypatch.setattr(gridfs_store, "now", lambda: now() + LATER)
    await Sweeper(store, objects, Removal(store, objects, ingestion)).sweep(now() + LATER)
    await ingestion.close()
    known = {picture.folder for picture in await store.pictures.changed_since(None)}
    return [key async for key in objects.keys("") if key.partition("/")[0] not in known]


async def _expect_no_chunk_without_a_file(store: Store) -> None:
    """Chunks come before their file, and a worker may still write variants: those that stay without a file are left over."""
    left = await _chunks_without_a_file(store)

    async def have_files() -> bool:
        left.intersection_update(await _chunks_without_a_file(store))
        return not left

    await eventually(have_files, within_s=EXTRA_TIME_S, what=lambda: f"each chunk has a file; not those of {left}")


async def _chunks_without_a_file(store: Store) -> set[str]:
    named = {found["_id"] async for found in store.database["fs.files"].find({}, {"_id": 1})}
    held = {found["files_id"] async for found in store.database["fs.chunks"].find({}, {"files_id": 1})}
    return {str(one) for one in held - named}
