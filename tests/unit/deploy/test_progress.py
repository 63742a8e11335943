"""Activity separates working processes from idle ones; waits are reported."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local import progress
from deploy.local.progress import Activity, report_while_waiting
from tests.support.polling import until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc of Linux")

BUSY = "while True: pass"
IDLE = "import time; time.sleep(300)"
POLLS = "import time\nwhile True: time.sleep(0.5)"


@contextmanager
def _running(program: str) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", f"print(flush=True)\n{program}"], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid
        child.kill()


def _most_idle_s(activity: Activity, looks: int) -> float:
    most_s = 0.0
    for _ in range(looks):
        time.sleep(0.1)
        most_s = max(most_s, activity.idle_for_s())
    return most_s


def _rests(activity: Activity, for_s: float) -> bool:
    deadline = time.monotonic() + 30
    while activity.idle_for_s() < for_s and time.monotonic() < deadline:
        time.sleep(0.1)
    return time.monotonic() < deadline


def test_process_that_uses_a_processor_is_not_idle() -> None:
    with _running(BUSY) as pid:
        assert _most_idle_s(Activity(pid, least_share=0.2), 20) < 1.5


@pytest.mark.parametrize("least_share", [0.0, 0.2])
def test_sleeping_or_stopped_process_is_idle(least_share: float) -> None:
    with _running(IDLE) as sleeping, _running(BUSY) as stopped:
        os.kill(stopped, signal.SIGSTOP)
        assert _rests(Activity(sleeping, least_share=least_share), 1)
        assert _rests(Activity(stopped, least_share=least_share), 1)


def test_least_share_separates_work_from_polling() -> None:
    with _running(POLLS) as pid:
        assert _rests(Activity(pid, least_share=0.2), 1.5)


def test_ended_process_is_idle() -> None:
    with _running(IDLE) as pid:
        pass

    assert _rests(Activity(pid), 0.5)


async def test_wait_is_reported_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_REPORT_EVERY_S", 0.01)
    printed: list[str] = []
    enough = asyncio.Event()

    def report(line: str) -> None:
        printed.append(line)
        if len(printed) == 3:
            enough.set()

    await report_while_waiting(enough.wait(), lambda: "the engines", report)

    assert printed == ["still waiting for the engines"] * 3


async def test_cancelled_wait_cancels_its_task() -> None:
    ended = asyncio.Event()
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(report_while_waiting(work(), lambda: "nothing", print))
    await started.wait()
    waiting.cancel()

    await until(ended.is_set, "the work has ended")
