"""Stopping a process of the embedded stack: a working process has more time than a hanging one."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local import children as children_module
from deploy.local.children import Child, Children, Command
from tests.support.polling import PATIENCE_S, eventually
from tests.support.running import ROOT

_AT_SIGTERM = """
import signal, sys, time
def end(*_):
    {end}
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
while True: time.sleep(300)
"""
WORKS = "began = time.process_time()\n    while time.process_time() - began < 3: pass\n    sys.exit(5)"
WORKS_FOR_EVER = "while True: pass"
HANGS = "pass"


@pytest.fixture
async def children(tmp_path: Path) -> AsyncIterator[Children]:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    async with Children(ROOT, lock) as running:
        yield running
    os.close(lock)


async def _start(children: Children, end: str) -> Child:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    program = _AT_SIGTERM.format(end=end)
    child = await children.start(Command(argv=[sys.executable, "-S", "-c", program]), write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as output:

        async def is_ready() -> bytes:
            return output.read() or b""

        await eventually(is_ready)
    return child


async def test_process_that_ends_before_its_start_is_read_is_not_lost(children: Children) -> None:
    with open(os.devnull, "wb") as output:
        starting = asyncio.create_task(children.start(Command(argv=["/bin/true"]), output.fileno()))
        await asyncio.sleep(0)
        # A busy event loop reads both events at once: the start, and the end.
        deadline = time.monotonic() + PATIENCE_S
        while _unread_events(children) != 2:
            assert time.monotonic() < deadline

    child = await starting

    assert await child.exited == 0


def _unread_events(children: Children) -> int:
    try:
        return children._control.recv(65536, socket.MSG_PEEK).count(b"\n")
    except BlockingIOError:
        return 0


async def test_process_that_works_while_stopping_is_awaited(children: Children) -> None:
    child = await _start(children, WORKS)

    assert await child.stop(0.5)
    assert child.exited.result() == 5


async def test_hanging_process_is_killed(children: Children) -> None:
    child = await _start(children, HANGS)

    assert not await child.stop(0.5)
    assert child.exited.result() == -signal.SIGKILL


async def test_endlessly_working_process_is_killed(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children_module, "_LONGEST_STOP_S", 2.0)
    child = await _start(children, WORKS_FOR_EVER)

    assert not await child.stop(0.5)
    assert child.exited.result() == -signal.SIGKILL
