"""A running media-worker over a database of its own, and pictures put into it as the api does."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import aiohttp
from aiohttp.test_utils import TestServer

from services.media.gridfs_store import GridFsStore
from services.media.records import Picture, Uploader
from services.media.settings import MediaSettings
from services.media.store import Store
from services.media.worker.wiring import create_worker
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.pictures import FOLDER_DIGITS, PictureFacts, original_name
from shared.times import now
from tests.support.drawn_pictures import opened
from tests.support.polling import eventually

_STAMP = "0123abcd"


def waiting_picture(
    data: bytes, original: str = f"original-{_STAMP}.jpg", *, creator: str = "", credit: str = ""
) -> Picture:
    """The document of an uploaded file, in a folder of its own."""
    sha256 = hashlib.sha256(data + new_id().encode()).hexdigest()
    width, height = opened(data).size
    facts = PictureFacts(
        id=new_id(), folder=sha256[:FOLDER_DIGITS], stamp=_STAMP, width=width, height=height, original=original,
        size_bytes=len(data), color="#7a7a48",
    )  # fmt: skip
    return Picture(
        id=facts.id, sha256=sha256, file_name="a.jpg", type="image/jpeg", size_bytes=len(data), width=width,
        height=height, has_alpha=original.endswith("png"), facts=facts, created_at=now(), updated_at=now(),
        created_by=Uploader("p1", "Ada"), creator=creator, credit=credit,
    )  # fmt: skip


@dataclass
class MediaWorker:
    """The worker's address, and its database from the api's side."""

    url: str
    store: Store
    objects: GridFsStore
    http: aiohttp.ClientSession

    async def put(self, key: str, data: bytes) -> None:
        """Store an object."""

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        await self.objects.put(key, "application/octet-stream", chunks())

    async def read(self, key: str) -> bytes:
        """An object's bytes."""
        return b"".join([chunk async for chunk in self.objects.read(key)])

    async def keys(self, folder: str) -> list[str]:
        """The names in a folder."""
        return sorted([key.removeprefix(f"{folder}/") async for key in self.objects.keys(f"{folder}/")])

    async def post(self, path: str, body: object) -> tuple[int, dict[str, object]]:
        """A request of the api; status and answer."""
        async with self.http.post(f"{self.url}{path}", json=body) as answer:
            return answer.status, await answer.json(content_type=None)

    async def upload(self, data: bytes, *, creator: str = "", credit: str = "") -> Picture:
        """A picture from upload to document, as the api makes it; its variants wait."""
        key = f"staging/{new_id()}"
        await self.put(key, data)
        status, found = await self.post("/internal/check", {"key": key})
        assert status == 200, found
        original = await self.read(f"{key}.original")
        is_png = cast(dict[str, object], found["original"])["name"] == "original.png"
        return await self.add(data, original=original, is_png=is_png, creator=creator, credit=credit)

    async def add(
        self, data: bytes, *, original: bytes, is_png: bool = False, creator: str = "", credit: str = ""
    ) -> Picture:
        """A picture of these files; its variants wait."""
        picture = waiting_picture(data, original_name(_STAMP, has_alpha=is_png), creator=creator, credit=credit)
        await self.put(f"{picture.folder}/upload", data)
        await self.put(f"{picture.folder}/{picture.facts.original}", original)
        await self.store.mongo.transaction(lambda session: self.store.pictures.add(picture, session))
        return picture

    async def settled(self, picture: Picture) -> Picture:
        """The picture, once its variants wait no more."""

        async def is_settled() -> Picture | None:
            found = await self.store.pictures.find(picture.id)
            return found if found is not None and found.variants != "waiting" else None

        found = await eventually(is_settled, what="the variants are made or refused")
        assert found is not None
        return found


@asynccontextmanager
async def running_media_worker(settings: MediaSettings, database: str) -> AsyncIterator[MediaWorker]:
    """A worker in this process, with its decode children."""
    store = Store(Mongo(settings.mongo), database=database)
    async with TestServer(create_worker(settings, database=database)) as server, aiohttp.ClientSession() as http:
        yield MediaWorker(str(server.make_url("")).rstrip("/"), store, GridFsStore(store.database), http)
    store.mongo.close()
