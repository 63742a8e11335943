"""A running media api for tests, with small servers in place of ingestion and of the worker."""

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from aiohttp import ClientResponse, FormData, web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image, ImageOps

from services.media.api.keys import OBJECTS, REMOVAL, STORE
from services.media.api.sweeper import Sweeper
from services.media.api.wiring import create_api
from services.media.objects import Objects
from services.media.settings import MediaSettings
from services.media.store import Store
from shared.pictures import PictureRecord

Client = TestClient[web.Request, web.Application]
ROLES = ("reporter", "editor", "moderator", "admin")
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def drawn(width: int = 640, height: int = 480, *, shade: int = 90, format: str = "JPEG") -> bytes:
    """A picture as a file. As PNG, another `shade` (0 to 16 million) is another file."""
    red, green, blue = shade >> 16 & 255, shade >> 8 & 255, shade & 255
    output = io.BytesIO()
    Image.new("RGB", (width, height), (red, green, blue)).save(output, format)
    return output.getvalue()


@dataclass
class StandInIngestion:
    """The internal routes of ingestion that media calls. Tokens are names of roles."""

    announced: list[PictureRecord] = field(default_factory=list)
    uses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    is_away: bool = False

    def use(self, picture_id: str, headline: str = "The lake came back") -> None:
        """Have an article use a picture."""
        use = {"article_id": f"a-{picture_id}", "headline": headline, "status": "published", "lead": True}
        self.uses.setdefault(picture_id, []).append(use)

    def app(self) -> web.Application:
        """The server."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/internal/token", self._token),
                web.post("/internal/pictures", self._keep),
                web.post("/internal/pictures/uses", self._uses),
                web.delete("/internal/pictures/{id}", self._forget),
            ]
        )
        return app

    async def _token(self, request: web.Request) -> web.Response:
        role = request.headers["Authorization"].removeprefix("Bearer ")
        if role not in ROLES:
            return web.Response(status=401)
        return web.json_response({"id": f"id-{role}", "name": f"the {role}", "role": role})

    async def _keep(self, request: web.Request) -> web.Response:
        if self.is_away:
            return web.Response(status=503)
        self.announced.append(PictureRecord.model_validate_json(await request.read()))
        return web.Response()

    async def _uses(self, request: web.Request) -> web.Response:
        if self.is_away:
            return web.Response(status=503)
        ids = orjson.loads(await request.read())["ids"]
        return web.json_response({"uses": {one: self.uses[one] for one in ids if one in self.uses}})

    async def _forget(self, request: web.Request) -> web.Response:
        if self.is_away:
            return web.Response(status=503)
        uses = self.uses.get(request.match_info["id"])
        return web.json_response({"uses": uses}, status=409) if uses else web.Response(status=204)


@dataclass
class StandInWorker:
    """The internal routes of the worker, on Pillow. `iptc`: the fields that it finds in the next files."""

    objects: Objects | None = None
    iptc: dict[str, str] = field(default_factory=dict)
    wakes: int = 0
    credits: list[str | None] = field(default_factory=list)
    is_away: bool = False

    def app(self) -> web.Application:
        """The server."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/internal/check", self._check),
                web.post("/internal/original", self._original),
                web.post("/internal/wake", self._wake),
            ]
        )
        return app

    async def _check(self, request: web.Request) -> web.Response:
        sent = orjson.loads(await request.read())
        if self.is_away:
            return web.Response(status=503)
        self.credits.append(sent["credit"])
        try:
            picture = await self._open(sent["key"])
        except OSError:
            detail = {"status": 415, "detail": "This is no picture that can be used."}
            return web.json_response(detail, status=415, content_type="application/problem+json")
        written = await self._write(picture, f"{sent['key']}.original")
        width, height = ImageOps.exif_transpose(picture).size
        found = {"type": _TYPES[picture.format or "JPEG"], "width": width, "height": height, "has_alpha": False}
        return web.json_response({**found, "frames": 1, "original": written, "color": "#203040", **self.iptc})

    async def _original(self, request: web.Request) -> web.Response:
        sent = orjson.loads(await request.read())
        self.credits.append(sent["credit"])
        return web.json_response(await self._write(await self._open(sent["key"]), sent["to"]))

    async def _wake(self, _: web.Request) -> web.Response:
        self.wakes += 1
        return web.Response(status=202)

    async def _open(self, key: str) -> Image.Image:
        assert self.objects is not None
        return Image.open(io.BytesIO(b"".join([data async for data in self.objects.read(key)])))

    async def _write(self, picture: Image.Image, key: str) -> dict[str, Any]:
        assert self.objects is not None
        output = io.BytesIO()
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.save(output, "JPEG", quality=80)

        async def once() -> AsyncIterator[bytes]:
            yield output.getvalue()

        size = await self.objects.put(key, "image/jpeg", once())
        return {"width": upright.width, "height": upright.height, "size_bytes": size, "name": "original.jpg"}


@dataclass
class MediaService:
    """The running service and what stands around it."""

    client: Client
    ingestion: StandInIngestion
    worker: StandInWorker
    store: Store
    objects: Objects
    sweeper: Sweeper
    ingestion_url: str

    async def sweep(self, at: datetime) -> None:
        """Sweep as the service does at that time."""
        await self.sweeper.sweep(at)

    async def upload(
        self, content: bytes, *, role: str = "editor", name: str = "lake.jpg", key: str | None = None, **texts: str
    ) -> ClientResponse:
        """Send a picture."""
        form = FormData()
        for field_name, text in texts.items():
            form.add_field(field_name, text)
        form.add_field("file", content, filename=name, content_type="application/octet-stream")
        headers = {**bearer(role), **({"Idempotency-Key": key} if key else {})}
        return await self.client.post("/v1/media", data=form, headers=headers)

    async def added(self, content: bytes, *, name: str = "lake.jpg", **texts: str) -> dict[str, Any]:
        """The answer for a new picture."""
        response = await self.upload(content, name=name, **texts)
        answer: dict[str, Any] = await response.json()
        assert response.status == 201, answer
        return answer

    async def shown(self, picture_id: str) -> dict[str, Any]:
        """A picture as an editor reads it."""
        response = await self.client.get(f"/v1/media/{picture_id}", headers=bearer("editor"))
        answer: dict[str, Any] = await response.json()
        assert response.status == 200, answer
        return answer

    async def change(self, picture: Mapping[str, Any], changes: Mapping[str, Any], **headers: str) -> ClientResponse:
        """Send a change of the version that was read."""
        sent = {**bearer("editor"), "If-Match": f'"{picture["version"]}"', **headers}
        return await self.client.patch(f"/v1/media/{picture['id']}", json=changes, headers=sent)

    async def keys(self, prefix: str = "") -> list[str]:
        """The keys in the store, sorted."""
        return sorted([key async for key in self.objects.keys(prefix)])


def bearer(role: str) -> dict[str, str]:
    """The Authorization header of a role."""
    return {"Authorization": f"Bearer {role}"}


@asynccontextmanager
async def running_media(mongo_url: str, database: str, **settings: Any) -> AsyncIterator[MediaService]:
    """Run the api for the length of a block."""
    ingestion, worker = StandInIngestion(), StandInWorker()
    async with TestServer(ingestion.app()) as ingestion_server, TestServer(worker.app()) as worker_server:
        found = MediaSettings(
            mongo=mongo_url,
            ingestion=str(ingestion_server.make_url("")).rstrip("/"),
            media_worker=str(worker_server.make_url("")),
            fetch_allow="127.0.0.0/8",
            **settings,
        )
        app = create_api(found, database=database)
        worker.objects = app[OBJECTS]
        async with TestClient(TestServer(app)) as client:
            sweeper = Sweeper(app[STORE], app[OBJECTS], app[REMOVAL])
            yield MediaService(client, ingestion, worker, app[STORE], app[OBJECTS], sweeper, found.ingestion)
