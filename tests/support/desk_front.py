"""One address for the desk and the editors' API, as the edge gives it, for tests with a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.ingestion.people.roles import Role
from tests.support.desk import DeskClient

# They belong to one connection, not to the message.
_HOP = frozenset(
    {"connection", "transfer-encoding", "content-encoding", "content-length", "keep-alive", "date", "server"}
)
_TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True)
class Front:
    """The address that browsers use, and the desk behind it."""

    url: str
    desk: DeskClient

    async def as_role(self, role: Role) -> "Front":
        """The same for a new person, signed in."""
        return replace(self, desk=await self.desk.as_role(role))


@asynccontextmanager
async def open_front(desk: DeskClient, media_url: str = "") -> AsyncIterator[Front]:
    """Serve the desk, ingestion's `/v1/`, and media where there is one, at one address."""
    behind = {"/desk": desk.url, "/v1/": str(desk.ingestion.client.make_url(""))}
    if media_url:
        behind = {"/desk": desk.url, "/v1/media": media_url, "/media/": media_url, **behind}
    app = web.Application(client_max_size=48 * 1024 * 1024)
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def forward(request: web.Request) -> web.StreamResponse:
            target = next((url for prefix, url in behind.items() if request.path.startswith(prefix)), None)
            if target is None:
                raise web.HTTPNotFound
            async with http.request(
                request.method,
                target.rstrip("/") + str(request.rel_url),
                headers=request.headers,
                data=await request.read(),
                allow_redirects=False,
            ) as answer:
                response = web.Response(status=answer.status, body=await answer.read())
                for name, text in answer.headers.items():
                    if name.lower() not in _HOP:
                        response.headers.add(name, text)
                return response

        app.router.add_route("*", "/{path:.*}", forward)
        async with TestServer(app) as server:
            yield Front(str(server.make_url("")).rstrip("/"), desk)
