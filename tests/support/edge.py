"""Stand-ins for the services behind an edge, and requests to the edge."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import ClientSession, web
from yarl import URL

from tests.support.polling import PATIENCE_S, Found


@dataclass
class Upstream:
    """A stand-in for a service. It answers with its name and the request's number, and records the requests."""

    name: str
    asked: list[web.BaseRequest] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    streams: bool = False
    aborts: int = 0
    """How many requests, from the first on, it aborts without an answer."""
    status: int = 200

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The service's name and the request's number, or a stream that lasts until the client closes it."""
        await request.read()
        self.asked.append(request)
        if len(self.asked) <= self.aborts and request.transport is not None:
            request.transport.abort()
        if self.streams:
            stream = web.StreamResponse()
            await stream.prepare(request)
            while request.transport is not None:
                await asyncio.sleep(0.02)
            return stream
        return web.Response(status=self.status, text=f"{self.name} {len(self.asked)}", headers=self.headers)


Behind = dict[str, Upstream]
StartEdge = Callable[..., Awaitable[str]]


async def read(client: ClientSession, url: str, *, times: int = 1, **headers: str) -> list[str]:
    """The bodies of several requests, sent one after another."""
    return [await (await client.get(url, headers=headers)).text() for _ in range(times)]


async def within_a_slot(upstream: Upstream, ask: Callable[[], Awaitable[Found]]) -> Found:
    """The result of requests within one half second. `ask` is repeated when a slow machine spread them over two."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await asyncio.sleep(0.5 - time.time() % 0.5 + 0.02)
            upstream.asked.clear()
            slot = time.time() // 0.5
            found = await ask()
            if time.time() // 0.5 == slot:
                return found


async def send_raw(base: URL, request: bytes) -> str:
    """Send bytes as they are; returns everything that comes back."""
    reader, writer = await asyncio.open_connection(base.host, base.port)
    try:
        writer.write(request)
        return (await asyncio.wait_for(reader.read(), PATIENCE_S)).decode()
    finally:
        writer.close()


async def send_at_once(send: Callable[[], Awaitable[Found]], times: int = 360) -> list[Found]:
    """Send requests over 30 connections.

    Sent one after another on a slow machine, they would stay within the limits. Over more connections, a slow machine would
    not send their headers within the edge's time limit.
    """
    connections = asyncio.Semaphore(30)

    async def one() -> Found:
        async with connections:
            return await send()

    return await asyncio.gather(*(one() for _ in range(times)))
