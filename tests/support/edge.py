"""Stand-ins for the services behind an edge, and requests to the edge."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

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


# A front with few places.
LOW = partial(replace, most_connections=40)
Behind = dict[str, Upstream]
StartEdge = Callable[..., Awaitable[str]]


async def read(client: ClientSession, url: str, *, times: int = 1, **headers: str) -> list[str]:
    """The bodies of several requests, sent one after another."""
    return [await (await client.get(url, headers=headers)).text() for _ in range(times)]


@dataclass
class HeldConnections:
    """Connections from one loopback address, each with half a request head."""

    address: str
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _readers: list[asyncio.StreamReader] = field(default_factory=list)

    async def open(self, base: URL, how_many: int) -> None:
        """Open them, one after another."""
        for _ in range(how_many):
            reader, writer = await asyncio.open_connection(base.host, base.port, local_addr=(self.address, 0))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            self._readers.append(reader)
            self._writers.append(writer)

    def refused(self) -> int:
        """How many of them the edge has closed."""
        return sum(reader.at_eof() or reader.exception() is not None for reader in self._readers)

    async def finish(self) -> list[int]:
        """Send the other half. The statuses of the answers, 0 for a connection that was refused."""
        statuses = []
        for reader, writer in zip(self._readers, self._writers, strict=True):
            try:
                writer.write(b"a\r\nConnection: close\r\n\r\n")
                answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
            except ConnectionError:
                answer = b""
            statuses.append(int(answer.split(b" ", 2)[1]) if answer else 0)
        return statuses

    def close(self) -> None:
        """Close them all."""
        for writer in self._writers:
            writer.close()


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
