"""Answers stored as one piece of bytes, head and body, and written by one call.

This serves a page faster than a bare handler builds one (tests/bench/hot.py). aiohttp needs three things of a response:
`prepare`, `write_eof` and `keep_alive`. Nothing is prepared here, so one object serves all requests for the same bytes.
The bytes already contain what middlewares would add, such as security headers.
"""

import asyncio
from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from shared.http.quirks import drain

# Past this a client that reads nothing is disconnected; until then its answer stays in memory.
STALLED_CLIENT_S = 20.0

Header = tuple[str, str]


class DateLine:
    """The `Date` header, renewed once a second by `tick`. Answers compare it by identity."""

    def __init__(self) -> None:
        self.line = b""
        self.tick()

    def tick(self) -> None:
        """Set the present time."""
        self.line = f"Date: {formatdate(usegmt=True)}\r\n".encode()


class ReadyAnswer(web.Response):
    """One answer for any number of requests. `keeps_open`: whether the connection stays open after it."""

    def __init__(
        self, date: DateLine, status: int, headers: Sequence[Header], body: bytes = b"", *, keeps_open: bool = True
    ) -> None:
        super().__init__(status=status)
        lines = [f"{name}: {value}\r\n" for name, value in headers]
        if not keeps_open:
            lines.append("Connection: close\r\n")
            self.force_close()
        self._first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self._rest = "".join(lines).encode("latin-1") + b"\r\n" + body
        self._date = date
        self._dated = b""
        self._whole = b""

    @property
    def prepared(self) -> bool:
        """Always true: middlewares must not add headers."""
        return True

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open."""
        return super().keep_alive is not False

    @property
    def size_bytes(self) -> int:
        """Size in memory: the bytes are held with the date and without."""
        return 2 * len(self._rest)

    def as_bytes(self) -> bytes:
        """The whole answer with the present date."""
        line = self._date.line
        if line is not self._dated:
            self._whole = self._first + line + self._rest
            self._dated = line
        return self._whole

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything. Wait while the client is slow, so that its buffer holds one answer at most."""
        transport = request.transport
        if transport is None:  # the client has disconnected
            return None
        transport.write(self.as_bytes())
        if request.protocol.writing_paused:
            await _wait_for_client(request, transport)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: `prepare` has written everything."""


async def _wait_for_client(request: web.BaseRequest, transport: asyncio.Transport) -> None:
    try:
        async with asyncio.timeout(STALLED_CLIENT_S):
            await drain(request)
    except TimeoutError:
        transport.abort()
