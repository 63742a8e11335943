"""Waiting that follows progress instead of the clock: a busy machine takes long, and is no reason to give up."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

_TELL_EVERY_S = 20.0
_NANOSECONDS = 1e-9

Result = TypeVar("Result")


class Activity:
    """How long a process has done nothing.

    It works while its threads use a processor, or wait for one, for more than `least_share` of the time between two looks, and
    while it waits for a disk. Where the kernel does not tell (macOS), a process counts as idle from the start.
    """

    def __init__(self, pid: int, *, least_share: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._pid = pid
        self._least_share = least_share
        self._clock = clock
        self._looked_at = self._worked_at = clock()
        self._effort_s = _effort_s(pid)

    def idle_for_s(self) -> float:
        """Seconds since the process was last seen at work; each call is a look."""
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


async def say_meanwhile(
    work: Coroutine[object, object, Result], waits_for: Callable[[], str], say: Callable[[str], None]
) -> Result:
    """Wait as long as it takes, and say every twenty seconds what is waited for."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([task], timeout=_TELL_EVERY_S))[0]:
            say(f"still waiting for {waits_for()}")
        return task.result()
    finally:
        task.cancel()
