"""A load of HTTP requests from a process of its own: `python -m tests.bench.load PORT CONNECTIONS SECONDS < request`.

Sends the same bytes again and again over kept connections and prints answers per second. A line `{uuid}` in the request's
body is filled with a fresh UUID each time. Light enough to outrun a server written in the same language.
"""

import asyncio
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import cast

import uvloop

ROOT = Path(__file__).resolve().parents[2]
_MARK = b"{uuid}" + b"-" * 30  # as long as what replaces it


class Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer is whole."""

    def __init__(self, request: bytes, tally: list[int]) -> None:
        self._before, self._mark, self._after = request.partition(_MARK)
        self._tally = tally
        self._left = 0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        self._send()

    def _send(self) -> None:
        name = str(uuid.uuid4()).encode() if self._mark else b""
        self._transport.write(self._before + name + self._after)

    def data_received(self, data: bytes) -> None:
        if self._left == 0:
            head, end, body = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = b""
            self._tally[head[9:10] != b"2"] += 1
            self._left = _length(head) - len(body)
        else:
            self._left -= len(data)
        if self._left == 0:
            self._send()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)


async def run(port: int, connections: int, seconds: float, request: bytes) -> float:
    """Answers per second, after a second of warming up. Raises RuntimeError if any was not a success."""
    loop = asyncio.get_running_loop()
    tally = [0, 0]
    made = [await loop.create_connection(lambda: Client(request, tally), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.sleep(1.0)
    before, started = tally[0], time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (tally[0] - before) / (time.perf_counter() - started)
    for transport, _ in made:
        transport.close()
    if tally[1] or not rate:
        raise RuntimeError(f"{tally[0]} answers were a success, {tally[1]} were not")
    return rate


async def measure(port: int, request: bytes, *, connections: int, seconds: float = 2.0) -> float:
    """The rate that a load process of its own sees."""
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(seconds)]
    found = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, input=request, capture_output=True, timeout=seconds + 30, check=False
    )
    if found.returncode:
        raise RuntimeError(found.stderr.decode())
    return float(found.stdout)


def http_request(method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> bytes:
    """A request's bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    if body:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


if __name__ == "__main__":
    uvloop.install()
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    print(asyncio.run(run(port, connections, seconds, sys.stdin.buffer.read())))
