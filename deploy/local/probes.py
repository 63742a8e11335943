"""Probes of servers over plain sockets, so that the supervisor imports no client library."""

import asyncio
import contextlib
from urllib.parse import urlsplit

_TIMEOUT_S = 2.0


async def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether the port accepts a TCP connection."""
    return await _exchange(host, port, b"", 0) is not None


async def answers_ping(port: int) -> bool:
    """Whether a Redis server answers PING. While it loads its data it answers with an error and is not ready."""
    return await _exchange("127.0.0.1", port, b"PING\r\n", 64) == b"+PONG\r\n"


async def http_status(url: str) -> int:
    """The status of a GET, 0 when there is no answer."""
    status, _ = await http_get(url)
    return status


async def http_get(url: str) -> tuple[int, bytes]:
    """Status and body of a GET, `(0, b"")` when there is no answer."""
    parts = urlsplit(url)
    path = parts.path or "/"
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\nUser-Agent: supervisor\r\n\r\n"
    answer = await _exchange(parts.hostname or "", parts.port or 80, request.encode(), -1)
    if not answer or not answer.startswith(b"HTTP/1."):
        return 0, b""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), body


async def _exchange(host: str, port: int, request: bytes, size: int) -> bytes | None:
    """The answer; None when there is no server, or no answer in time."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                return await reader.read(size)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return None
