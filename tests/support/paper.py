"""A server of rendered pages for layout tests in a browser, without a platform."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from services.rendering.pages.models import PopularView
from services.rendering.pages.templates import POPULAR_SLOT, Templates
from shared.site.site import load_site

TEMPLATES = Templates(load_site(None), "http://127.0.0.1:8080")


@dataclass
class Paper:
    """Pages by name, with Popular News in its place; `address` leads to one. `answers` are what services say, by path.

    `picture` is a PNG for every address under /media/; without it there are none.
    """

    popular: PopularView
    pages: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, object] = field(default_factory=dict)
    picture: bytes = b""
    base: str = ""

    def address(self, name: str) -> str:
        """The URL of a page."""
        return f"{self.base}/{name}"

    async def answer(self, request: web.Request) -> web.Response:
        """A file of the site, an answer, or a page."""
        if (asset := TEMPLATES.assets.by_url.get(request.path)) is not None:
            return web.Response(body=asset.content, content_type=asset.media_type)
        if (said := self.answers.get(request.path)) is not None:
            return web.json_response(said)
        if self.picture and request.path.startswith("/media/"):
            return web.Response(body=self.picture, content_type="image/png")
        page = self.pages.get(request.path.lstrip("/"))
        if page is None:
            return web.Response(status=204)
        text = page.replace(POPULAR_SLOT, TEMPLATES.popular(self.popular))
        return web.Response(text=text, content_type="text/html")


@asynccontextmanager
async def serving(paper: Paper) -> AsyncIterator[Paper]:
    """Serve the pages for the length of a block."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", paper.answer)
    server = TestServer(app)
    await server.start_server()
    paper.base = str(server.make_url("")).rstrip("/")
    try:
        yield paper
    finally:
        await server.close()
