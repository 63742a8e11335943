"""Memory of media while large uploads run."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from tests.support.media import StandInIngestion, StandInWorker, bearer
from tests.support.polling import eventually
from tests.support.ports import free_port

UPLOADS = 50
UPLOAD_MIB = 39
# The embedded MongoDB needs minutes for all of it; memory is steady long before.
WATCHED_S = 40
MOST_GROWTH_MIB = 160
_HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'


def resident_mib(pid: int) -> int:
    """The memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1024


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
async def test_memory_is_flat_during_fifty_uploads_of_40_mib(
    mongo_url: str, mongo_database: str, tmp_path: Path
) -> None:
    async with (
        TestServer(StandInIngestion().app()) as ingestion,
        TestServer(StandInWorker(is_away=True).app()) as worker,
        aiohttp.ClientSession(headers=bearer("editor")) as http,
    ):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        settings = {
            "WM_MONGO": mongo_url, "WM_MEDIA_DATABASE": mongo_database, "WM_SERVICE_PORT": str(port),
            "WM_INGESTION": str(ingestion.make_url("")), "WM_MEDIA_WORKER": str(worker.make_url("")),
        }  # fmt: skip
        with (tmp_path / "media.log").open("wb") as log:
            media = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.media", "api", env={**os.environ, **settings}, stdout=log, stderr=log
            )

        async def ready() -> bool:
            async with http.get(f"{url}/v1/media/{'0' * 26}") as answer:
                return answer.status == 404

        try:
            await eventually(ready, what="media answers")
            before = resident_mib(media.pid)
            uploads = [asyncio.create_task(_upload(http, url, number)) for number in range(UPLOADS)]
            seen = []
            for _ in range(WATCHED_S):
                await asyncio.sleep(1)
                seen.append(resident_mib(media.pid) - before)
            for upload in uploads:
                upload.cancel()
        finally:
            media.terminate()
            await media.wait()

        assert max(seen) < MOST_GROWTH_MIB, seen
        assert max(seen[WATCHED_S // 2 :]) - max(seen[: WATCHED_S // 2]) < 20, seen


async def _upload(http: aiohttp.ClientSession, url: str, number: int) -> int:
    mebibyte = os.urandom(1024 * 1024)

    async def body() -> AsyncIterator[bytes]:
        yield _HEAD + bytes([number])
        for _ in range(UPLOAD_MIB):
            yield mebibyte
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with http.post(f"{url}/v1/media", data=body(), headers=headers) as answer:
        return answer.status
