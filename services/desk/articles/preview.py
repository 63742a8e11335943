"""Previews: the page of a working copy as readers would see it, rendered by rendering. For editors, and by link for anyone."""

from collections.abc import Mapping

from aiohttp import web

from services.desk.articles.paths import PATH
from services.desk.keys import INGESTION, RENDERING
from services.desk.visit import VISIT, forwarded
from shared.http.problems import SECURITY_HEADERS

# The page's own policy lets the desk, which has the same origin, show it in a frame.
_PASSED_ON = ("Content-Security-Policy", "X-Robots-Tag", "Cache-Control", "Content-Language")


async def preview(request: web.Request) -> web.Response:
    """The working copy, for a person who is signed in."""
    found = await request[VISIT].get(f"/v1/articles/{request.match_info['id']}")
    return await _rendered(request, found.json)


async def preview_by_link(request: web.Request) -> web.Response:
    """The working copy, for anyone with the link; 404 when the link is unknown or too old."""
    path = f"/internal/previews/{request.match_info['token']}"
    found = await request.app[INGESTION].call("GET", path, headers=forwarded(request))
    return await _rendered(request, found.json)


async def _rendered(request: web.Request, article: Mapping[str, object]) -> web.Response:
    made = await request.app[RENDERING].call("POST", "/internal/preview", json=dict(article))
    passed = {name: made.headers[name] for name in _PASSED_ON if name in made.headers}
    # Nobody stores a preview or lists it, whatever the renderer says.
    headers = {**SECURITY_HEADERS, **passed, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return web.Response(body=made.body, content_type="text/html", charset="utf-8", headers=headers)


ROUTES = [
    web.get(f"{PATH}/preview", preview),
    web.get("/desk/preview/{token:[0-9A-Za-z_-]{16,128}}", preview_by_link),
]
