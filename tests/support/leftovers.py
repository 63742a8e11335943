"""The end of a test run: kill the processes that it left behind, and measure its processor time."""

import resource
import time

from tests.support.processes import Process, kill, marked

_SETTLE_S = 10.0


def processes_left(variable: str, run: str, *, within_s: float = _SETTLE_S) -> list[Process]:
    """Wait for a run's processes to end; kill and return those that still run after `within_s`."""
    deadline = time.monotonic() + within_s
    while (left := marked(variable, run)) and time.monotonic() < deadline:
        time.sleep(0.1)
    kill(left)
    return left


def processor_seconds() -> float:
    """User and system time of this process and of its ended descendants."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)
