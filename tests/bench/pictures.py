"""Uploads a second against a bare multipart handler, and a picture at the edge against a static file there.

`python -m tests.bench.pictures bare PORT MONGO` is the bare handler; `upload PORT SECONDS TOKEN PATH` is the load. It
prints MB/s.
"""

import asyncio
import io
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import uvloop
from aiohttp import BodyPartReader, web
from motor.motor_asyncio import AsyncIOMotorGridFSBucket
from PIL import Image

from services.ingestion.people.tokens import make_token
from shared.mongo.client import Mongo
from tests.bench.engines import running_engines
from tests.bench.hot import CONNECTIONS, request_for, running_edge
from tests.bench.load import ROOT, measure
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process
from tests.support.polling import eventually
from tests.support.ports import free_port

SECONDS = 6.0
# A photograph from a phone, in pixels; noise, so that it has the bytes of one.
SIZE = (3000, 2000)
AT_ONCE = 2
_MEGABYTE = 1_000_000


def draw() -> bytes:
    """A JPEG of some megabytes."""
    written = io.BytesIO()
    Image.effect_noise(SIZE, 40).convert("RGB").save(written, "JPEG", quality=85)
    return written.getvalue()


def unlike_others(picture: bytes) -> bytes:
    """The same JPEG with a comment of its own, so that it is another file for the store."""
    return picture[:2] + b"\xff\xfe\x00\x12" + os.urandom(16) + picture[2:]


async def measure_upload() -> Measure:
    """Uploads that are hashed, stored, decoded and encoded again, against a handler that stores the file in the same MongoDB."""
    bare = free_port()
    async with running_media() as (media, token, mongo):
        command = [sys.executable, "-m", "tests.bench.pictures", "bare", str(bare), mongo]
        async with running_process(command, os.environ, bare, asked="/"):
            found = await in_turns(
                lambda: _megabytes_a_second(media, token, "/v1/media"),
                lambda: _megabytes_a_second(bare, token, "/"),
                rounds=3,
            )
    return Measure("upload", *found, unit="MB/s", bar=0.5)


async def measure_media_edge() -> Measure:
    """A picture through the edge, against a file with the same bytes at the address of its one static file."""
    async with running_media() as (media, token, _), aiohttp.ClientSession() as http:
        path = await _stored_variant(http, f"http://127.0.0.1:{media}", token)
        with TemporaryDirectory() as folder:
            async with http.get(f"http://127.0.0.1:{media}{path}") as answer:
                Path(folder, "page.html").write_bytes(await answer.read())
            async with running_edge(media, Path(folder)) as edge:
                found = await in_turns(
                    lambda: measure(edge, request_for(path), connections=CONNECTIONS),
                    lambda: measure(edge, request_for("/v1/openapi.json"), connections=CONNECTIONS),
                )
    return Measure("media_edge", *found, unit="answers/s", bar=0.9)


@asynccontextmanager
async def running_media() -> AsyncIterator[tuple[int, str, str]]:
    """Media, its worker and ingestion as processes; yields media's port, an admin's token and MongoDB's address."""
    ingestion, media, worker, token = free_port(), free_port(), free_port(), make_token()
    with running_engines() as urls, TemporaryDirectory() as folder:
        (Path(folder) / "token").write_text(token)
        local = "http://127.0.0.1"
        own = {
            **urls,
            "WM_ADMIN_TOKEN_FILE": f"{folder}/token",
            "WM_INGESTION": f"{local}:{ingestion}",
            "WM_MEDIA": f"{local}:{media}",
            "WM_MEDIA_WORKER": f"{local}:{worker}",
        }
        commands = (("services.ingestion",), ("services.media", "api"), ("services.media", "worker"))
        run = [[sys.executable, "-m", *command] for command in commands]
        async with running_process(run[0], own, ingestion), running_process(run[1], own, media):
            async with running_process(run[2], own, worker):
                yield media, token, urls["WM_MONGO"]


async def _stored_variant(http: aiohttp.ClientSession, media: str, token: str) -> str:
    """The path of a variant of an uploaded picture, when it is made."""
    headers = {"Authorization": f"Bearer {token}"}
    form = aiohttp.FormData()
    form.add_field("file", draw(), filename="a.jpg")
    async with http.post(f"{media}/v1/media", data=form, headers=headers) as answer:
        answer.raise_for_status()
        picture = await answer.json()
    path = next(str(one["url"]) for one in picture["variants"] if "3x2-640" in one["url"] and "avif" in one["url"])

    async def made() -> bool:
        async with http.get(media + path) as answer:
            return answer.content_type == "image/avif"

    await eventually(made, within_s=120, what=f"{path} is made")
    return path


async def _megabytes_a_second(port: int, token: str, path: str) -> float:
    command = [sys.executable, "-m", "tests.bench.pictures", "upload", str(port), str(SECONDS), token, path]
    load = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    printed, _ = await asyncio.wait_for(load.communicate(), SECONDS + 60)
    return float(printed)


async def upload(port: int, seconds: float, token: str, path: str) -> float:
    """Upload different pictures, AT_ONCE at a time. Returns MB/s."""
    picture, began, sent = draw(), time.perf_counter(), 0
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http:

        async def work() -> None:
            nonlocal sent
            while time.perf_counter() - began < seconds:
                form = aiohttp.FormData()
                form.add_field("file", unlike_others(picture), filename="a.jpg")
                async with http.post(f"http://127.0.0.1:{port}{path}", data=form) as answer:
                    answer.raise_for_status()
                    await answer.read()
                sent += len(picture)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return sent / _MEGABYTE / (time.perf_counter() - began)


def run_bare(port: int, mongo: str) -> None:
    """Serve the reference: each file of a form goes into GridFS by the driver, and nothing else happens to it."""
    client = Mongo(mongo)

    async def take_form(request: web.Request) -> web.Response:
        if request.method == "POST":
            bucket = AsyncIOMotorGridFSBucket(client.database("bare"))
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)
                async with bucket.open_upload_stream("picture") as stored:
                    while data := await part.read_chunk(256 * 1024):
                        await stored.write(data)
        return web.Response(text="stored")

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.add_routes([web.route("*", "/", take_form)])
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {
    "upload": measure_upload,
    "media_edge": measure_media_edge,
}

if __name__ == "__main__":
    if sys.argv[1] == "bare":
        run_bare(int(sys.argv[2]), sys.argv[3])
    else:
        uvloop.install()
        port, seconds, token, path = sys.argv[2:]
        print(asyncio.run(upload(int(port), float(seconds), token, path)))
