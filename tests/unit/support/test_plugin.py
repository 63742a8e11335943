"""The pytest plugin: a time limit fails one test alone, and no process outlives its run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.polling import eventually
from tests.support.processes import RUN, STARTER, Process, marked

ROOT = Path(__file__).resolve().parents[3]
# STARTER is kept, so that the inner run ends with this process.
_IGNORED = (RUN, "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID", "PYTEST_CURRENT_TEST")

# Plugins of the environment that the inner runs do not use, and that take seconds to import.
_WITHOUT = [f"-pno:{name}" for name in ("schemathesis", "valkey", "anyio", "hypothesispytest", "aiohttp")]


def _start(folder: Path, tests: str, *arguments: str) -> "subprocess.Popen[str]":
    (folder / "test_given.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.plugin", "--rootdir", str(folder)]
    command += ["-c", str(folder / "pytest.ini"), "-q", *_WITHOUT, *arguments, str(folder)]
    environment = {name: value for name, value in os.environ.items() if name not in _IGNORED}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


_LIMITED = """
import asyncio, time, pytest

@pytest.mark.timeout(0.5)
async def test_coroutine():
    await asyncio.gather(asyncio.sleep(0))
    await asyncio.Event().wait()

@pytest.mark.timeout(0.5)
def test_plain():
    time.sleep(600)

@pytest.fixture
async def endless():
    await asyncio.Event().wait()

@pytest.mark.timeout(0.5)
async def test_fixture(endless):
    pass

async def test_other():
    pass
"""


def test_time_limit_fails_one_test_and_reports_where_it_waited(tmp_path: Path) -> None:
    run = _start(tmp_path, _LIMITED, "-n", "1")
    output, _ = run.communicate()

    assert "2 failed, 1 passed, 1 error" in output, output
    assert "await asyncio.Event().wait()" in output
    assert "time.sleep(600)" in output
    assert "INTERNALERROR" not in output
    assert "crashed" not in output


_LEAVES = """
import subprocess

def test_leaves():
    subprocess.Popen(["sleep", "3600.5"], start_new_session=True)
"""


def test_process_left_behind_fails_the_run_and_is_killed(tmp_path: Path) -> None:
    run = _start(tmp_path, _LEAVES)
    output, _ = run.communicate()

    assert run.returncode == 1
    assert "killed a process that the run left behind: process" in output
    assert "sleep 3600.5" in output


_HANGS = """
import subprocess, sys, time, os, pathlib

def test_hangs():
    child = subprocess.Popen([sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '3600.25'])"])
    pathlib.Path(os.environ["MARK_FILE"]).write_text(os.environ["WORLD_MONITOR_TEST_STARTER"])
    time.sleep(600)
"""


async def test_processes_of_a_killed_run_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark_file = tmp_path / "starter"
    monkeypatch.setenv("MARK_FILE", str(mark_file))
    run = _start(tmp_path, _HANGS)

    async def started() -> list[Process]:
        return _sleepers(mark_file.read_text()) if mark_file.exists() else []

    async def gone() -> bool:
        return not _sleepers(mark_file.read_text())

    await eventually(started, what="the test has started a process")
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert await eventually(gone, what="its processes are gone")


def _sleepers(starter: str) -> list[Process]:
    return [process for process in marked(STARTER, starter) if process.command == "sleep 3600.25"]
