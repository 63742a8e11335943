"""No process of a stack outlives the stack's starter or its data folder."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.polling import until
from tests.support.processes import marked
from tests.support.running import ROOT

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by /proc")

# Starts the stack as a test runner or make does, prints a line, and waits to be killed.
_STARTER = """
import os, subprocess, sys, time
if sys.argv[1] == "known":
    os.environ["WM_STOP_WITH_PARENT"] = str(os.getpid())
subprocess.Popen([sys.executable, "-m", "deploy.local", "engines"])
print(flush=True)
time.sleep(300)
"""


def _left(data: Path) -> list[int]:
    """The processes of the stack on a folder. All have the folder's name in their environment."""
    return [process.pid for process in marked("WM_DATA", str(data))]


def _start(data: Path, parent: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "WM_DATA": str(data), "WM_STOP_WITH_PARENT": "true"}
    environment |= {"WM_KAFKA": "", "WM_MONGO": "", "WM_REDIS": ""}
    command = [sys.executable, "-S", "-c", _STARTER, parent]
    starter = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert starter.stdout is not None
    starter.stdout.readline()
    return starter


def _lock_is_taken(data: Path) -> bool:
    return (data / "lock").exists()


def _engines_are_starting(data: Path) -> bool:
    return (data / "logs" / "redis-1.log").exists()


def _is_up(data: Path) -> bool:
    return (data / "run.json").exists()


async def _until_all_are_gone(data: Path, starter: "subprocess.Popen[bytes]") -> None:
    starter.kill()
    assert starter.stdout is not None
    starter.stdout.close()
    starter.wait()
    await until(lambda: not _left(data), f"nothing is left on {data}")


@pytest.mark.parametrize(
    ("parent", "moment"),
    [
        ("known", lambda _: True),
        ("true", _lock_is_taken),
        ("known", _engines_are_starting),
        ("true", _is_up),
    ],
)
async def test_stack_ends_when_its_starter_is_killed(tmp_path: Path, parent: str, moment) -> None:  # type: ignore[no-untyped-def]
    starter = _start(tmp_path, parent)
    await until(lambda: moment(tmp_path), "the moment has come")

    await _until_all_are_gone(tmp_path, starter)


async def test_stack_ends_when_its_folder_is_removed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    starter = _start(data, "known")
    try:
        await until(lambda: _is_up(data), "the stack is up")
        shutil.rmtree(data, ignore_errors=True)
        await until(lambda: set(_left(data)) <= {starter.pid}, "nothing is left of it")
    finally:
        await _until_all_are_gone(data, starter)


async def test_supervisor_killed_during_imports_leaves_no_process(tmp_path: Path) -> None:
    environment = {**os.environ, "WM_DATA": str(tmp_path), "WM_PORT": "1", "WM_EDITION": "none"}
    command = [sys.executable, "-m", "deploy.local", "engines"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as supervisor:
        await until(lambda: len(_left(tmp_path)) > 1, "the forkserver runs")
        supervisor.send_signal(signal.SIGKILL)

    await until(lambda: not _left(tmp_path), "nothing is left of it")
