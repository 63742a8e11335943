"""A server of rendered pages for layout tests in a browser, without a platform."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from services.rendering.pages.popular_models import PopularView
from services.rendering.pages.templates import POPULAR_SLOT, Templates
from shared.site.site import load_site
from tests.support.media_files import MediaFile

TEMPLATES = Templates(load_site(None), "http://127.0.0.1:8080")


@dataclass
class PageServer:
    """A site of rendered pages. `serving` starts it.

    `pages` are HTML by name, with a slot for `popular`. `answers` are JSON responses of services, by path. `picture` is a
    PNG for every path under /media/; `media` makes the pictures by their paths. Without either there are no pictures.
    """

    popular: PopularView
    pages: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, object] = field(default_factory=dict)
    picture: bytes = b""
    media: Callable[[str], MediaFile | None] | None = None
    base: str = ""

    def address(self, name: str) -> str:
        """The URL of a page."""
        return f"{self.base}/{name}"

    async def answer(self, request: web.Request) -> web.Response:
        """Respond with a static file, JSON, a picture or a page; with 204 to any other path."""
        if (asset := TEMPLATES.assets.by_url.get(request.path)) is not None:
            return web.Response(body=asset.content, content_type=asset.media_type)
        if (answer := self.answers.get(request.path)) is not None:
            return web.json_response(answer)
        if self.picture and request.path.startswith("/media/"):
            return web.Response(body=self.picture, content_type="image/png")
        if self.media is not None and (drawn := self.media(request.path)) is not None:
            return web.Response(body=drawn.content, content_type=drawn.media_type)
        page = self.pages.get(request.path.lstrip("/"))
        if page is None:
            return web.Response(status=204)
        text = page.replace(POPULAR_SLOT, TEMPLATES.popular(self.popular))
        return web.Response(text=text, content_type="text/html")


@asynccontextmanager
async def serving(server: PageServer) -> AsyncIterator[PageServer]:
    """Serve the pages for the length of a block."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    listener = TestServer(app)
    await listener.start_server()
    server.base = str(listener.make_url("")).rstrip("/")
    try:
        yield server
    finally:
        await listener.close()
