"""Waits limited by idleness instead of time: on a busy machine a process that works may take long."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

_REPORT_EVERY_S = 20.0
_NANOSECONDS = 1e-9

Result = TypeVar("Result")


class Activity:
    """How long a process has been idle.

    It works while its threads use or wait for a processor for more than `least_share` of the time between two calls, and
    while it waits for a disk. Without /proc (macOS), a process counts as idle from the start.
    """

    def __init__(self, pid: int, *, least_share: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._pid = pid
        self._least_share = least_share
        self._clock = clock
        self._looked_at = self._worked_at = clock()
        self._effort_s = _effort_s(pid)

    def idle_for_s(self) -> float:
        """Seconds since a call last found the process at work."""
        now, effort_s = self._clock(), _effort_s(self._pid)
        wanted_s = self._least_share * (now - self._looked_at)
        if effort_s - self._effort_s > wanted_s or _waits_for_a_disk(self._pid):
            self._worked_at = now
        self._looked_at, self._effort_s = now, effort_s
        return now - self._worked_at


def _effort_s(pid: int) -> float:
    """Processor time that the threads of a process have used or waited for; 0 when there is no such process."""
    total = 0
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # a thread that has just ended
                used, waited, _ = (thread / "schedstat").read_text().split()
                total += int(used) + int(waited)
    return total * _NANOSECONDS


def _waits_for_a_disk(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "D"
    return False


async def report_while_waiting(
    work: Coroutine[object, object, Result], waits_for: Callable[[], str], report: Callable[[str], None]
) -> Result:
    """Wait without a limit, and report every twenty seconds what the wait is for."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([task], timeout=_REPORT_EVERY_S))[0]:
            report(f"still waiting for {waits_for()}")
        return task.result()
    finally:
        task.cancel()
