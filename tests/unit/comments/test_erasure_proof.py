"""The proof of an erasure: what counts as looked at, and what as left."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.comments.privacy.proof import PageReader, PlaceLooked

_SHOWN = '<p id="comment-a"><b class="comment-body">Hi.</b></p>'
_PAGES = {
    "/text": (200, _SHOWN),
    "/placeholder": (200, '<p id="comment-a">Removed</p><p id="comment-b"><b class="comment-body">Hi.</b></p>'),
    "/empty": (200, ""),
    "/withdrawn": (410, "Withdrawn"),
    "/unknown": (404, "Not found"),
    "/away": (503, "Later"),
}


@pytest.mark.parametrize(
    ("paths", "left", "note"),
    [
        (("/placeholder", "/withdrawn"), 0, ""),
        (("/placeholder", "/text"), 1, "text"),
        (("/empty", "/unknown", "/away"), 3, "answered 200, answered 404, answered 503"),
    ],
)
async def test_page_that_could_not_be_looked_at_counts_as_left(paths: tuple[str, ...], left: int, note: str) -> None:
    async def page(request: web.Request) -> web.Response:
        status, text = _PAGES[request.path]
        return web.Response(status=status, text=text, content_type="text/html")

    gateway = web.Application()
    gateway.router.add_get("/{path}", page)
    async with TestServer(gateway) as server:
        url = str(server.make_url("")).rstrip("/")
        found = await PageReader([url], wait_s=0.2 if left else 5.0).look(dict.fromkeys(paths, "a"))

    assert found == [PlaceLooked(f"pages of {url}", len(paths), left, note)]
