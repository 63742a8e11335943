"""Isso, the comment server from PyPI, as a reference: in a virtual environment of its own, kept for all checkouts."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from tests.bench.process import running_process
from tests.support.ports import free_port

VERSION = "0.14.0"
THREAD = "/world/a"
_HOME = Path.home() / ".cache" / "world-monitor-isso" / VERSION
_INSTALL_TIMEOUT_S = 300
_CONFIGURATION = """\
[general]
dbpath = {folder}/comments.db
host = http://127.0.0.1:8080/
log-file = {folder}/isso.log
[server]
listen = http://127.0.0.1:{port}
[guard]
enabled = false
"""


def provide_isso() -> Path:
    """The command, installed when it is missing. Raises CalledProcessError when PyPI does not have it."""
    command = _HOME / "bin" / "isso"
    if not command.exists():
        shutil.rmtree(_HOME, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(_HOME)], check=True, timeout=_INSTALL_TIMEOUT_S)
        install = [str(_HOME / "bin" / "pip"), "install", "-q", f"isso=={VERSION}"]
        subprocess.run(install, check=True, timeout=_INSTALL_TIMEOUT_S)
    return command


@asynccontextmanager
async def running_isso(count: int, text: str) -> AsyncIterator[int]:
    """Isso with `count` comments on one page; yields its port."""
    command, port = await asyncio.to_thread(provide_isso), free_port()
    with TemporaryDirectory() as folder:
        configuration = Path(folder) / "isso.cfg"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
        words = (str(command), "-c", str(configuration), "run")
        async with running_process(words, {}, port, asked="/info"), aiohttp.ClientSession() as http:
            for number in range(count):
                sent = {"author": "Ada Byrne", "email": f"ada{number}@example.org", "text": text, "title": "A"}
                async with http.post(f"http://127.0.0.1:{port}/new?uri={THREAD}", json=sent) as answer:
                    assert answer.status == 201, await answer.text()
            yield port
