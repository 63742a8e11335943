"""The forkserver alone: no process that it started outlives the supervisor."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import children as children_module
from deploy.local.children import Children, Command, ForkserverLost
from tests.support.polling import PATIENCE_S, until
from tests.support.running import ROOT

TRIES = 8


def _request(marker: str) -> bytes:
    program = f"import os; print(os.getpid(), flush=True); import time; time.sleep(300)  # {marker}"
    argv = ", ".join(f'"{part}"' for part in (sys.executable, "-S", "-c", program))
    return f'{{"argv": [{argv}], "module": "", "args": [], "env": {{}}}}\n'.encode()


def _request_and_vanish(output: int, lock: int, marker: str) -> None:
    """Ask a new forkserver for a process and close the socket at once, as a killed supervisor would."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "deploy.local.forkserver", str(theirs.fileno()), str(lock)]
        forkserver = subprocess.Popen(command, cwd=ROOT, pass_fds=(theirs.fileno(), lock))
        theirs.close()
        socket.send_fds(ours, [_request(marker)], [output])
        if marker.endswith("waited"):
            ours.recv(100)
        ours.close()
        assert forkserver.wait(PATIENCE_S) == 0


async def test_process_of_a_vanished_supervisor_is_killed(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    read_end, write_end = os.pipe()

    for number in range(TRIES):
        _request_and_vanish(write_end, lock, f"{number} waited" if number % 2 else f"{number}")
    os.close(write_end)

    # The pipe ends when its last writer has ended.
    os.set_blocking(read_end, False)
    with os.fdopen(read_end, "rb", buffering=0) as output:
        await until(lambda: output.read() == b"", "no process is left")
    os.close(lock)


async def test_request_with_a_large_environment_arrives_whole(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    program = "import os; print(len(os.environ['ONE']) + len(os.environ['OTHER']))"
    environment = {"ONE": "1" * 100_000, "OTHER": "2" * 100_000}
    command = Command(argv=(sys.executable, "-S", "-c", program), module="", args=(), env=environment)
    read_end, write_end = os.pipe()

    async with Children(ROOT, lock) as children:
        child = await children.start(command, write_end)
        os.close(write_end)
        assert await child.exited == 0

    with os.fdopen(read_end, "rb") as output:
        assert output.read() == b"200000\n"
    os.close(lock)


async def test_working_forkserver_is_awaited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children_module, "_IDLE_LIMIT_S", 2.0)
    (tmp_path / "takes_long.py").write_text("import time\nwhile time.process_time() < 4: pass\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)

    async with Children(ROOT, lock) as children:
        assert await children.preload(["takes_long", "is_not_there"]) == {
            "is_not_there": "ModuleNotFoundError: No module named 'is_not_there'"
        }
    os.close(lock)


async def test_hanging_forkserver_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children_module, "_IDLE_LIMIT_S", 1.0)
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)

    async with Children(ROOT, lock) as children:
        await children.preload([])
        os.kill(children.forkserver_pid, signal.SIGSTOP)
        with pytest.raises(ForkserverLost, match="was idle for 1 s"):
            await children.preload([])
    os.close(lock)
