"""Answers whose head and body lie ready as one piece of bytes, written to the connection by one call.

That is what lets a page be served faster than a bare handler builds one (tests/bench/pages.py). aiohttp asks three things
of a response: `prepare`, `write_eof` and `keep_alive`; this one has nothing left to prepare, so that one object serves all
requests for the same bytes. What middlewares would add (security headers, for one) is in the bytes already.
"""

import asyncio
from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

# A client that takes nothing for so long is let go: until then one answer waits for it in memory.
STALLED_CLIENT_S = 20.0

Header = tuple[str, str]


class DateLine:
    """The `Date` header, renewed once a second by `tick`; answers compare it by identity."""

    def __init__(self) -> None:
        self.line = b""
        self.tick()

    def tick(self) -> None:
        """Take the present time."""
        self.line = f"Date: {formatdate(usegmt=True)}\r\n".encode()


class ReadyAnswer(web.Response):
    """One answer to whoever asks. `keeps_open` is whether the connection goes on after it."""

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
        """Always: nobody may add to it."""
        return True

    @property
    def keep_alive(self) -> bool:
        """Whether the connection is used again."""
        return self._keep_alive is not False

    @property
    def size_bytes(self) -> int:
        """What it takes in memory: once ready with its date, once without."""
        return 2 * len(self._rest)

    def as_bytes(self) -> bytes:
        """The whole answer with the present date."""
        line = self._date.line
        if line is not self._dated:
            self._whole = self._first + line + self._rest
            self._dated = line
        return self._whole

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write all of it; wait while the client is slow, so that its buffer holds one answer at most."""
        transport = request.transport
        if transport is None:  # the client has gone
            return None
        transport.write(self.as_bytes())
        if request.protocol.writing_paused:
            await _drain(request, transport)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


async def _drain(request: web.BaseRequest, transport: asyncio.Transport) -> None:
    try:
        async with asyncio.timeout(STALLED_CLIENT_S):
            await request.protocol._drain_helper()
    except TimeoutError:
        transport.abort()
