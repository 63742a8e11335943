"""A service as a separate process, as in production."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import aiohttp

from tests.bench.load import ROOT
from tests.support.polling import eventually


@asynccontextmanager
async def running_process(
    command: Sequence[str], environment: Mapping[str, str], port: int, *, asked: str = "/health/ready"
) -> AsyncIterator[int]:
    """Start a process, wait until it answers the path `asked` with 200 (if not empty), and yield its process id."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**environment, "WM_SERVICE_PORT": str(port)}, stdout=subprocess.DEVNULL
    )
    try:
        if asked:
            await until_it_answers(port, asked)
        yield process.pid
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


async def until_it_answers(port: int, path: str) -> None:
    """Wait until a port answers a path with 200."""

    async def answers() -> bool:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status == 200

    await eventually(answers, within_s=40, what=f"port {port} answers {path}")
