"""The limits under which a child decodes: memory, processor time, files. It ends with its parent."""

import contextlib
import ctypes
import os
import resource
import signal
from math import ceil
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
# The largest file that a child writes is a PNG original of LARGEST_ORIGINAL squared, 27 MB at most.
_LARGEST_FILE_BYTES = 64 * 1024 * 1024
_MOST_FILES = 64


def confine(memory_mb: int, niceness: int) -> None:
    """Set the limits that hold for the child's life. Call before anything is decoded."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.nice(niceness)
    # Of the address space only what can be written to: the reserves of allocator and threads are not memory.
    for limit, most in (
        (resource.RLIMIT_DATA, memory_mb << 20),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE_BYTES),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    _be_first_to_go()


def _be_first_to_go() -> None:
    """When the machine is out of memory, the kernel ends this process before all others."""
    # Where /proc is not writable, the memory limit has to do.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def allow_seconds(seconds: int) -> None:
    """Grant processor time from now on. The kernel ends the process (SIGXCPU) when it is used up."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = ceil(usage.ru_utime + usage.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, hard))
