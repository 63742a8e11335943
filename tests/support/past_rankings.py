"""A stand-in for popularity's archive of rankings, for tests of the pages made from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from services.rendering.gateway.service_client import ServiceClient
from tests.support.polling import PATIENCE_S


@dataclass
class Popularity:
    """A stand-in for popularity's archive. `status` other than 200 is an error."""

    answer: dict[str, object]
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Its address, while it runs."""

        async def reply(request: web.Request) -> web.Response:
            self.asked.append(dict(request.query))
            return web.json_response(self.answer, status=self.status)

        app = web.Application()
        app.router.add_get("/v1/numbers/archive", reply)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[ServiceClient]:
        """A client of it, while it runs."""
        async with self.running() as url:
            client = ServiceClient("popularity", [url], PATIENCE_S)
            yield client
            await client.close()
