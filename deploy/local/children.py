"""The supervisor's side of the forkserver: start a process, learn of its end, stop it within a bound."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from deploy.local.progress import Activity

# The limit is on idleness, not on the answer: on a busy machine imports take long.
_IDLE_LIMIT_S = 60.0
_LOOK_EVERY_S = 0.25
_LEAST_WAIT_S = 0.05
# A stopping process gets more than its time while it uses this share of a core, up to _LONGEST_STOP_S.
_WORKING_SHARE = 0.2
_RESTS_AFTER_S = 0.75
_LONGEST_STOP_S = 30.0
# A killed process ends as soon as the kernel gets to it.
_KILLED_TIMEOUT_S = 30.0


class ForkserverLost(RuntimeError):
    """The forkserver died, and all processes with it. The stack cannot continue."""


@dataclass(frozen=True)
class Command:
    """What to run: a program by its `argv`, or a Python module by name, which may be a fork of the forkserver."""

    argv: Sequence[str] = ()
    module: str = ""
    args: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)


class Child:
    """A running process, leader of its own group. `exited` holds its exit code, negative for a signal."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def stop(self, timeout_s: float) -> bool:
        """Send SIGTERM; kill the group when `timeout_s` have passed and the process is idle. True when it ended by itself."""
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
        if await self._ends(timeout_s):
            return True
        self.kill()
        await asyncio.wait([self.exited], timeout=_KILLED_TIMEOUT_S)
        return False

    async def _ends(self, timeout_s: float) -> bool:
        activity, began = Activity(self.pid, least_share=_WORKING_SHARE), time.monotonic()
        while not self.exited.done():
            rests, took_s = activity.idle_for_s() >= _RESTS_AFTER_S, time.monotonic() - began
            if took_s >= _LONGEST_STOP_S or (took_s >= timeout_s and rests):
                return False
            await asyncio.wait([self.exited], timeout=min(_LOOK_EVERY_S, max(timeout_s - took_s, _LEAST_WAIT_S)))
        return True

    def kill(self) -> None:
        """Send SIGKILL to the process and its group. A process that was just forked has no group of its own yet."""
        for send in (os.kill, os.killpg):
            with contextlib.suppress(ProcessLookupError):
                send(self.pid, signal.SIGKILL)


class Children:
    """Starts processes through a forkserver. An async context manager: leaving it kills the processes that still run."""

    def __init__(self, root: Path, lock_fd: int) -> None:
        self._root = root
        self._lock_fd = lock_fd
        self._running: dict[int, Child] = {}
        self._asking = asyncio.Lock()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._unread = b""
        self.lost = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._control, other = socket.socketpair()
        self._control.setblocking(False)
        fds = (other.fileno(), self._lock_fd)
        with other:
            self._process = subprocess.Popen(  # noqa: ASYNC220  the one fork of this process, before anything waits
                [sys.executable, "-m", "deploy.local.forkserver", *map(str, fds)],
                cwd=self._root,
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        asyncio.get_running_loop().add_reader(self._control, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        await asyncio.to_thread(self._process.wait)

    @property
    def forkserver_pid(self) -> int:
        """The forkserver's process id."""
        return self._process.pid

    async def preload(self, modules: Sequence[str]) -> dict[str, str]:
        """Import modules in the forkserver. Returns the modules that failed, with the reason."""
        answer = await self._ask({"preload": list(modules)}, [])
        failed: dict[str, str] = answer["preloaded"]
        return failed

    async def start(self, command: Command, output: int) -> Child:
        """Start a process whose output goes to the descriptor `output`. Raises ForkserverLost."""
        order = {
            "argv": list(command.argv),
            "module": command.module,
            "args": list(command.args),
            "env": dict(command.env),
        }
        answer = await self._ask(order, [output])
        child: Child = answer["child"]
        return child

    async def _ask(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        async with self._asking:
            if self.lost.is_set():
                raise ForkserverLost("the forkserver is gone")
            order = json.dumps(request).encode() + b"\n"
            sent = socket.send_fds(self._control, [order], fds)
            await asyncio.get_running_loop().sock_sendall(self._control, order[sent:])
            return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        answer = asyncio.create_task(self._answers.get())
        activity = Activity(self._process.pid)
        try:
            while not (await asyncio.wait([answer], timeout=_LOOK_EVERY_S))[0]:
                if self.lost.is_set():
                    raise ForkserverLost("the forkserver was killed")
                if activity.idle_for_s() > _IDLE_LIMIT_S:
                    # Its late answer would be read as the answer to the next request.
                    self._process.kill()
                    raise ForkserverLost(f"the forkserver did not answer and was idle for {_IDLE_LIMIT_S:g} s")
            return answer.result()
        finally:
            answer.cancel()

    def _read(self) -> None:
        try:
            chunk = self._control.recv(65536)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionResetError:
            chunk = b""
        if not chunk:
            self._lose()
            return
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        if "exited" in event:
            self._running.pop(event["exited"]).exited.set_result(event["code"])
            return
        if "spawned" in event:
            # In the answer itself: the process may have ended before the answer is read.
            event["child"] = self._running[event["spawned"]] = Child(event["spawned"])
        self._answers.put_nowait(event)

    def _lose(self) -> None:
        asyncio.get_running_loop().remove_reader(self._control)
        self.lost.set()
        for child in self._running.values():
            child.kill()
            child.exited.set_result(-signal.SIGKILL)
        self._running.clear()
