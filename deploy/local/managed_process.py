"""Keeps one process running: starts it, waits until it answers, restarts it when it ends."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from deploy.local.children import Child, Children, Command, ForkserverLost
from deploy.local.progress import Activity
from shared.process.process import EXIT_SETTINGS

# The first restart is immediate: the process may have been killed from outside.
_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 5.0
# After so long, the cause of the end was not the start: the restart is immediate again.
_SETTLED_AFTER_S = 10.0
_PROBE_EVERY_S = 0.025
_SLOW_PROBE_EVERY_S = 0.2
_SLOW_AFTER_S = 3.0
# An engine that is idle for so long without having answered never will.
_IDLE_LIMIT_S = 60.0


class Output(Protocol):
    """Where a process's output goes (`logs.Logs`)."""

    async def pipe(self, name: str) -> int:
        """The writing end of a new pipe."""

    async def last_lines(self, name: str) -> Sequence[str]:
        """The last lines of a process that has ended."""


@dataclass(frozen=True)
class Spec:
    """One process of the stack."""

    name: str
    instance: int
    url: str
    command: Callable[[], Command]
    """Called at each start, since parts of a command may differ each time."""
    answers: Callable[[], Awaitable[bool]]
    prepare: Callable[[], Awaitable[None]] | None = None
    """Called after each start when the process answers, before it counts as ready. An exception restarts the process."""
    most_first_starts: int | None = None
    """How often the process may end before its first answer in this run; then the stack fails. None: no limit.

    With a limit it is also killed when it is idle for a minute before it answers.
    """

    @property
    def label(self) -> str:
        """Its name in logs."""
        return f"{self.name}-{self.instance}"


class ManagedProcess:
    """One process and its restarts.

    `spawned` is set after the first start, `ready` while the process answers. `has_answered`: was ready once in this run.
    """

    def __init__(
        self,
        spec: Spec,
        children: Children,
        output: Output,
        report: Callable[[str], None],
        on_start: Callable[[], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self.spec = spec
        self.spawned = asyncio.Event()
        self.ready = asyncio.Event()
        self.child: Child | None = None
        self._children = children
        self._output = output
        self._report = report
        self._on_start = on_start
        self._on_failure = on_failure
        self.has_answered = False
        self._starts = 0
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the process in the background. Await `ready` to know that it answers."""
        self._task = asyncio.create_task(self._keep_running(), name=f"keep {self.spec.label} running")

    async def stop(self, timeout_s: float) -> None:
        """Stop the process for good. It is killed when it is idle and still there after `timeout_s`."""
        self._stopping = True
        if self.child is not None and not await self.child.stop(timeout_s):
            self._report(f"{self.spec.label} did not stop in time and was killed")
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _keep_running(self) -> None:
        backoff_s = 0.0
        while True:
            began = time.monotonic()
            try:
                code = await self._run_once()
            except ForkserverLost:
                return
            except Exception as error:
                self._on_failure(f"{self.spec.label} cannot be started: {error!r}")
                raise
            if self._stopping:
                return
            if not self.has_answered and (reason := await self._hopeless(code)):
                self._on_failure(reason)
                return
            settled = time.monotonic() - began > _SETTLED_AFTER_S
            self._report(f"{self.spec.label} ended with {_code_in_words(code)}; restarting it")
            await asyncio.sleep(0.0 if settled else backoff_s)
            backoff_s = _FIRST_BACKOFF_S if settled else min(max(2 * backoff_s, _FIRST_BACKOFF_S), _LONGEST_BACKOFF_S)

    async def _hopeless(self, code: int) -> str:
        """Why another start would end in the same way; empty when it may succeed."""
        self._starts += 1
        lines = await self._output.last_lines(self.spec.label)
        if code == EXIT_SETTINGS:
            return lines[-1].removeprefix(f"{self.spec.name}: ") if lines else f"{self.spec.label}: a setting is wrong"
        if self._starts != self.spec.most_first_starts:
            return ""
        output = "".join(f"\n  {line}" for line in lines) or " nothing"
        return f"{self.spec.label} ended {self._starts} times before it answered, with {_code_in_words(code)}; its output:{output}"

    async def _run_once(self) -> int:
        descriptor = await self._output.pipe(self.spec.label)
        try:
            self.child = child = await self._children.start(self.spec.command(), descriptor)
        finally:
            os.close(descriptor)
        self.spawned.set()
        self._on_start()
        becoming_ready = asyncio.create_task(self._become_ready(child))
        try:
            return await asyncio.shield(child.exited)
        finally:
            becoming_ready.cancel()
            self.ready.clear()
            self.child = None

    async def _become_ready(self, child: Child) -> None:
        watching = asyncio.create_task(self._kill_when_idle(child))
        try:
            await self._wait_for_an_answer()
            if await self._is_prepared(child):
                self.has_answered = True
                self.ready.set()
        finally:
            watching.cancel()

    async def _kill_when_idle(self, child: Child) -> None:
        if self.spec.most_first_starts is None:
            return
        activity = Activity(child.pid)
        while activity.idle_for_s() < _IDLE_LIMIT_S:
            await asyncio.sleep(_IDLE_LIMIT_S / 60)
        self._report(f"{self.spec.label} does not answer and was idle for {_IDLE_LIMIT_S:g} s; killing it")
        child.kill()

    async def _wait_for_an_answer(self) -> None:
        began = time.monotonic()
        while not await self.spec.answers():
            young = time.monotonic() - began < _SLOW_AFTER_S
            await asyncio.sleep(_PROBE_EVERY_S if young else _SLOW_PROBE_EVERY_S)

    async def _is_prepared(self, child: Child) -> bool:
        if self.spec.prepare is None:
            return True
        try:
            await self.spec.prepare()
        except Exception as error:
            # Client libraries raise many types, and a restart is the answer to each.
            self._report(f"{self.spec.label} cannot be used ({error or repr(error)}); killing it")
            child.kill()
            return False
        return True


def _code_in_words(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
