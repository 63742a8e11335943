"""Processes that a test run starts: they are known by a mark, end with the run, and are counted when it is over.

Each pytest process (the controller and each worker) puts a mark of its own into its environment, and every process that
it starts inherits the mark. A guard process holds the other end of a pipe: when the pytest process is gone, however it
ended, the guard kills all that bear its mark. Linux only; elsewhere nothing is found and the guard does nothing.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

RUN = "WORLD_MONITOR_TEST_RUN"
STARTER = "WORLD_MONITOR_TEST_STARTER"
_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A running process and its command line."""

    pid: int
    command: str


def mark_environment() -> None:
    """Mark everything that this process starts from now on, as its own and as the run's."""
    os.environ.setdefault(RUN, uuid4().hex)
    os.environ[STARTER] = uuid4().hex
    # setproctitle writes over the environment that /proc shows, unless it is told not to.
    os.environ["SPT_NOENV"] = "1"


def start_guard() -> "subprocess.Popen[bytes]":
    """Start the process that ends what this one has started. It must outlive this one: it has a session of its own."""
    command = [sys.executable, "-I", "-S", str(Path(__file__)), os.environ[STARTER]]
    environment = {name: value for name, value in os.environ.items() if name not in (RUN, STARTER)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, start_new_session=True)


def marked(variable: str, value: str) -> list[Process]:
    """Processes whose environment has a variable with a value, but for the one that asks; newest last."""
    needle = b"\0" + f"{variable}={value}".encode() + b"\0"
    others = sorted(int(entry.name) for entry in _PROC.glob("[0-9]*") if entry.name != str(os.getpid()))
    return [Process(pid, _command(pid)) for pid in others if needle in b"\0" + _read(pid, "environ") + b"\0"]


def kill(processes: Iterable[Process]) -> None:
    """SIGKILL for each; one that has ended meanwhile is passed over."""
    for process in processes:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""


def _command(pid: int) -> str:
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def _guard(starter: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    # A process may be starting another while it is killed: until none is found twice.
    while found := marked(STARTER, starter):
        kill(found)


if __name__ == "__main__":
    _guard(sys.argv[1])
