"""HTTP load from a separate process: `python -m tests.bench.load PORT CONNECTIONS SECONDS < request`.

Repeats a request over persistent connections, or over new ones where the server closes them, and prints responses per second.
`{uuid}` and thirty hyphens are replaced by a new UUID each time, `{address}` by an IPv4 address. It saturates a server in the same
language.
"""

import asyncio
import random
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import uvloop

ROOT = Path(__file__).resolve().parents[2]
WARM_UP_S = 1.0
# A person's: views of programs do not count.
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
_MARKS: Mapping[bytes, Callable[[], bytes]] = {
    b"{uuid}" + b"-" * 30: lambda: str(uuid.uuid4()).encode(),  # as long as a UUID
    b"{address}": lambda: b"%d.%d.%d.%d" % (1 + random.randrange(223), *random.randbytes(3)),
}
_ANY_MARK = re.compile(b"(%s)" % b"|".join(map(re.escape, _MARKS)))


def _values(request: bytes) -> tuple[list[bytes], Sequence[Callable[[], bytes]]]:
    """The request's parts, and what stands between them."""
    parts = _ANY_MARK.split(request)
    return parts[::2], [_MARKS[mark] for mark in parts[1::2]]


class Client(asyncio.Protocol):
    """One connection. Sends the next request when the response is complete. `closed` is called when the server closes it."""

    def __init__(self, request: bytes, counts: list[int], closed: Callable[[], None] = lambda: None) -> None:
        self._closed = closed
        self._parts, self._values = _values(request)
        self._counts = counts
        self._left = 0
        self._head = b""
        self._is_last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport has the methods, but not the type
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed()

    def _send(self) -> None:
        pieces = self._parts[:1]
        for value, part in zip(self._values, self._parts[1:], strict=True):
            pieces += value(), part
        self._transport.write(b"".join(pieces))

    def data_received(self, data: bytes) -> None:
        if self._left == 0:
            head, end, body = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = b""
            self._counts[head[9:10] != b"2"] += 1
            self._left = _length(head) - len(body)
            self._is_last = b"\r\nconnection: close" in head.lower()
        else:
            self._left -= len(data)
        if self._left == 0 and self._is_last:
            self._transport.close()
        elif self._left == 0:
            self._send()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)


async def run(port: int, connections: int, seconds: float, request: bytes) -> float:
    """Successful responses per second, after one second of warm-up. Raises RuntimeError after any other response."""
    loop = asyncio.get_running_loop()
    counts = [0, 0]
    open_ones: dict[int, asyncio.BaseTransport] = {}
    tasks: set[asyncio.Task[None]] = set()

    async def connect(number: int) -> None:
        made = await loop.create_connection(lambda: Client(request, counts, lambda: again(number)), "127.0.0.1", port)
        open_ones[number] = made[0]

    def again(number: int) -> None:
        if open_ones:
            tasks.add(task := loop.create_task(connect(number)))
            task.add_done_callback(tasks.discard)

    for number in range(connections):
        await connect(number)
    await asyncio.sleep(WARM_UP_S)
    before, started = counts[0], time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (counts[0] - before) / (time.perf_counter() - started)
    transports = list(open_ones.values())
    open_ones.clear()
    for transport in transports:
        transport.close()
    if counts[1] or not rate:
        raise RuntimeError(f"{counts[0]} responses were successful, {counts[1]} were not")
    return rate


async def measure(port: int, request: bytes, *, connections: int, seconds: float = 2.0) -> float:
    """Responses per second, measured by a separate load process."""
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(seconds)]
    found = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, input=request, capture_output=True, timeout=seconds + 30, check=False
    )
    if found.returncode:
        raise RuntimeError(found.stderr.decode())
    return float(found.stdout)


def http_request(
    method: str, path: str, body: bytes = b"", content_type: str = "application/json", *headers: str
) -> bytes:
    """The bytes of a request. `headers` are whole lines."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*", f"User-Agent: {_BROWSER}", *headers]
    if body:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


if __name__ == "__main__":
    uvloop.install()
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    print(asyncio.run(run(port, connections, seconds, sys.stdin.buffer.read())))
