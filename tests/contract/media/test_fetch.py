"""Pictures from an address."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.media import MediaService, bearer, running_media

Draw = Callable[[], bytes]


@asynccontextmanager
async def serving(content: bytes) -> AsyncIterator[str]:
    """A site with a picture, a redirect to it, one to a private address, and an empty file."""

    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type="text/html")

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    async def empty(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/a/{name}", picture), web.get("/moved", moved), web.get("/empty", empty)])
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_picture_of_an_address_is_kept_as_an_upload(media: MediaService, picture: Draw) -> None:
    content = picture()
    async with serving(content) as site:
        sent = {"url": f"{site}/moved?to=/a/lake%20b.png", "alt": "A lake", "credit": "The Agency", "focal_x": 0.25}

        fetched = await media.client.post("/v1/media/fetch", json=sent, headers=bearer("reporter"))
        again = await media.upload(content)

    answer = await fetched.json()
    assert fetched.status == 201
    assert (answer["alt"], answer["credit"], answer["focal_point"]["x"]) == ("A lake", "The Agency", 0.25)
    assert (again.status, (await again.json())["id"]) == (200, answer["id"])
    assert await media.keys("staging/") == []


async def test_address_that_gives_no_picture_is_refused_by_name(
    mongo_url: str, media_database: str, picture: Draw
) -> None:
    async with running_media(mongo_url, media_database, media_most_bytes=1024) as media, serving(b"x" * 2000) as site:

        async def refused(url: object) -> tuple[int, str]:
            response = await media.client.post("/v1/media/fetch", json={"url": url}, headers=bearer("editor"))
            answer = await response.json()
            return response.status, answer["errors"][0]["pointer"] if "errors" in answer else ""

        before = await media.keys()
        for url in (
            f"{site}/none",
            f"{site}/empty",
            f"{site}/moved?to=http://10.0.0.1/x.png",
            f"{site}/moved?to=http://169.254.169.254/latest",
            "http://[::1]/x.png",
            "ftp://paper.example/x.png",
            "http://ada:secret@paper.example/x.png",
            "lake.png",
            "",
            7,
        ):
            assert (url, await refused(url)) == (url, (422, "/url"))
        assert await refused(f"{site}/a/lake%20b.png") == (413, "")
        assert await media.keys() == before


async def test_fetch_needs_the_right_to_write(media: MediaService) -> None:
    response = await media.client.post("/v1/media/fetch", json={"url": "x"}, headers=bearer("moderator"))

    assert response.status == 403
