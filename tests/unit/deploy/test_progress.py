"""A process that works is told from one that does nothing, and what is waited for is said."""

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
from deploy.local.progress import Activity, say_meanwhile
from tests.support.polling import until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process does")

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


def test_a_process_that_uses_its_processor_is_not_idle() -> None:
    with _running(BUSY) as pid:
        assert _most_idle_s(Activity(pid, least_share=0.2), 30) < 1.5


@pytest.mark.parametrize("least_share", [0.0, 0.2])
def test_a_process_that_sleeps_or_was_stopped_is_idle(least_share: float) -> None:
    with _running(IDLE) as sleeping, _running(BUSY) as stopped:
        os.kill(stopped, signal.SIGSTOP)
        assert _rests(Activity(sleeping, least_share=least_share), 1)
        assert _rests(Activity(stopped, least_share=least_share), 1)


def test_the_least_share_tells_work_from_a_loop_that_only_looks() -> None:
    with _running(POLLS) as pid:
        assert _rests(Activity(pid, least_share=0.2), 1.5)


def test_a_process_that_is_gone_is_idle() -> None:
    with _running(IDLE) as pid:
        pass

    assert _rests(Activity(pid), 0.5)


async def test_what_is_waited_for_is_said_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_TELL_EVERY_S", 0.01)
    said: list[str] = []
    enough = asyncio.Event()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            enough.set()

    await say_meanwhile(enough.wait(), lambda: "the paper", say)

    assert said == ["still waiting for the paper"] * 3


async def test_a_wait_that_is_cancelled_ends_what_was_waited_for() -> None:
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(say_meanwhile(work(), lambda: "nothing", print))
    await begun.wait()
    waiting.cancel()

    await until(ended.is_set, "the work has ended")
