"""Find the processes that a test run started, and end them with the run.

Each pytest process (the controller and each worker) sets a mark in its environment, and its child processes inherit the
mark. A guard process holds the other end of a pipe. When the pytest process ends, even by SIGKILL, the guard kills all
processes with its mark. Linux only; on other systems no process is found and the guard does nothing.
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
    """Mark all future child processes with this process and with the run."""
    os.environ.setdefault(RUN, uuid4().hex)
    os.environ[STARTER] = uuid4().hex
    # Without this, setproctitle overwrites the environment in /proc.
    os.environ["SPT_NOENV"] = "1"


def start_guard() -> "subprocess.Popen[bytes]":
    """Start the guard. It has its own session, since it must outlive this process."""
    command = [sys.executable, "-I", "-S", str(Path(__file__)), os.environ[STARTER]]
    environment = {name: value for name, value in os.environ.items() if name not in (RUN, STARTER)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, start_new_session=True)


def marked(variable: str, value: str) -> list[Process]:
    """Processes with this environment variable, without the current one, by process id."""
    needle = b"\0" + f"{variable}={value}".encode() + b"\0"
    others = sorted(int(entry.name) for entry in _PROC.glob("[0-9]*") if entry.name != str(os.getpid()))
    return [Process(pid, _command(pid)) for pid in others if needle in b"\0" + _read(pid, "environ") + b"\0"]


def kill(processes: Iterable[Process]) -> None:
    """Send SIGKILL to each process that still runs."""
    for process in processes:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:  # the process has ended, or belongs to another user
        return b""


def _command(pid: int) -> str:
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def _guard(starter: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    # A process may start another while we kill it. Repeat until none is left.
    while found := marked(STARTER, starter):
        kill(found)


if __name__ == "__main__":
    _guard(sys.argv[1])
