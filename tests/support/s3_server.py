"""A real S3 server for long tests: versitygw, which keeps objects as files.

`go install github.com/versity/versitygw/cmd/versitygw@latest` builds it in some minutes.
Tests use one that is there, and build none.
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.polling import eventually
from tests.support.ports import free_port

_NO_SERVER = (
    "no S3 server: go install github.com/versity/versitygw/cmd/versitygw@latest, or set WM_S3_SERVER to its path"
)


@dataclass(frozen=True)
class S3Server:
    """Address, access key and bucket of the server."""

    url: str
    key: str
    secret: str
    bucket: str


def find_s3_server() -> Path | None:
    """The server of WM_S3_SERVER, of the PATH, or of Go's usual folder."""
    found = os.environ.get("WM_S3_SERVER") or shutil.which("versitygw")
    usual = Path.home() / "go" / "bin" / "versitygw"
    return Path(found) if found else usual if usual.exists() else None


@asynccontextmanager
async def running_s3_server(folder: Path) -> AsyncIterator[S3Server]:
    """Run the server on loopback for a block. Without one, the test is skipped."""
    binary = find_s3_server()
    if binary is None:
        pytest.skip(_NO_SERVER)
    root, port = folder / "objects", free_port()
    (root / "pictures").mkdir(parents=True)
    server = S3Server(f"http://127.0.0.1:{port}", secrets.token_hex(8), secrets.token_hex(16), "pictures")
    environment = {"ROOT_ACCESS_KEY": server.key, "ROOT_SECRET_KEY": server.secret, "HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        binary, "--port", f"127.0.0.1:{port}", "posix", root, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await eventually(lambda: _listens(port), what="the S3 server listens")
        yield server
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return True
