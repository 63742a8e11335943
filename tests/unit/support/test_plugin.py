"""What the test runner promises: a time limit fails one test alone, and nothing outlives the run that started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.polling import eventually
from tests.support.processes import RUN, STARTER, Process, marked

ROOT = Path(__file__).resolve().parents[3]
# The starter's mark stays on the run itself: it ends with the process that has started it.
_IGNORED = (RUN, "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID", "PYTEST_CURRENT_TEST")


def _start(folder: Path, tests: str, *arguments: str) -> "subprocess.Popen[str]":
    (folder / "test_given.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.plugin", "--rootdir", str(folder)]
    command += ["-c", str(folder / "pytest.ini"), "-q", *arguments, str(folder)]
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


def test_time_limit_fails_its_test_alone_and_says_what_it_waited_for(tmp_path: Path) -> None:
    run = _start(tmp_path, _LIMITED, "-n", "1")
    said, _ = run.communicate()

    assert "2 failed, 1 passed, 1 error" in said, said
    assert "await asyncio.Event().wait()" in said
    assert "time.sleep(600)" in said
    assert "INTERNALERROR" not in said
    assert "crashed" not in said


_LEAVES = """
import subprocess

def test_leaves():
    subprocess.Popen(["sleep", "3600.5"], start_new_session=True)
"""


def test_process_left_behind_fails_the_run_and_is_killed(tmp_path: Path) -> None:
    run = _start(tmp_path, _LEAVES)
    said, _ = run.communicate()

    assert run.returncode == 1
    assert "left behind by the run, and killed: process" in said
    assert "sleep 3600.5" in said


_HANGS = """
import subprocess, sys, time, os, pathlib

def test_hangs():
    child = subprocess.Popen([sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '3600.25'])"])
    pathlib.Path(os.environ["PLACE"]).write_text(os.environ["WORLD_MONITOR_TEST_STARTER"])
    time.sleep(600)
"""


async def test_processes_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    place = tmp_path / "starter"
    os.environ["PLACE"] = str(place)
    run = _start(tmp_path, _HANGS)

    async def started() -> list[Process]:
        return _sleepers(place.read_text()) if place.exists() else []

    async def gone() -> bool:
        return not _sleepers(place.read_text())

    await eventually(started, what="the test has started a process")
    run.send_signal(signal.SIGKILL)
    run.communicate()
    await eventually(gone, what="its processes are gone")


def _sleepers(starter: str) -> list[Process]:
    return [process for process in marked(STARTER, starter) if process.command == "sleep 3600.25"]
