"""Keeps one process running: starts it, waits until it answers, starts it again when it dies."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from deploy.local.children import Child, Children, Command, ForkserverLost
from deploy.local.progress import Activity
from shared.process.process import EXIT_SETTINGS

# The first restart is at once: a process that was killed did nothing wrong.
_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 5.0
# A process that ran for so long did not die of its start: the next one need not wait.
_SETTLED_AFTER_S = 10.0
_PROBE_EVERY_S = 0.025
_SLOW_PROBE_EVERY_S = 0.2
_SLOW_AFTER_S = 3.0
# An engine that does nothing for so long, and does not answer, never will.
_IDLE_LIMIT_S = 60.0


class Output(Protocol):
    """Where a process's output goes (`logs.Logs`)."""

    async def pipe(self, name: str) -> int:
        """The writing end of a new pipe."""

    async def last_lines(self, name: str) -> Sequence[str]:
        """The end of what a process that has ended wrote."""


@dataclass(frozen=True)
class Spec:
    """One process of the stack."""

    name: str
    instance: int
    url: str
    command: Callable[[], Command]
    """Built anew at each start, for what must be new each time."""
    answers: Callable[[], Awaitable[bool]]
    prepare: Callable[[], Awaitable[None]] | None = None
    """Done each time it answers, before it counts as ready. An error out of it ends the process, and so starts it anew."""
    most_first_starts: int | None = None
    """How often it may end without having answered once in this run, before it is given up; None: as often as it likes.

    With a number it is also killed when it does nothing for a minute before it answers.
    """

    @property
    def label(self) -> str:
        """Its name in logs, with a number where there may be several."""
        return f"{self.name}-{self.instance}"


class ManagedProcess:
    """The life of one process. `spawned` is set once it was first started, `ready` while it is known to answer.

    `has_answered` says whether it ever was ready in this run.
    """

    def __init__(
        self,
        spec: Spec,
        children: Children,
        output: Output,
        tell: Callable[[str], None],
        changed: Callable[[], None],
        give_up: Callable[[str], None],
    ) -> None:
        self.spec = spec
        self.spawned = asyncio.Event()
        self.ready = asyncio.Event()
        self.child: Child | None = None
        self._children = children
        self._output = output
        self._tell = tell
        self._changed = changed
        self._give_up = give_up
        self.has_answered = False
        self._starts = 0
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; returns at once. Await `ready` to know that it answers."""
        self._task = asyncio.create_task(self._keep(), name=f"keeper of {self.spec.label}")

    async def stop(self, timeout_s: float) -> None:
        """End the process, by force when it does not work any more after `timeout_s`, and start it no more."""
        self._stopping = True
        if self.child is not None and not await self.child.stop(timeout_s):
            self._tell(f"{self.spec.label} did not stop in time and was killed")
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _keep(self) -> None:
        backoff_s = 0.0
        while True:
            began = time.monotonic()
            try:
                code = await self._run_once()
            except ForkserverLost:
                return
            if self._stopping:
                return
            if not self.has_answered and (reason := await self._hopeless(code)):
                self._give_up(reason)
                return
            settled = time.monotonic() - began > _SETTLED_AFTER_S
            self._tell(f"{self.spec.label} ended with {_code_in_words(code)}; it is started again")
            await asyncio.sleep(0.0 if settled else backoff_s)
            backoff_s = _FIRST_BACKOFF_S if settled else min(max(2 * backoff_s, _FIRST_BACKOFF_S), _LONGEST_BACKOFF_S)

    async def _hopeless(self, code: int) -> str:
        """Why another start would end in the same way; empty when it might not."""
        self._starts += 1
        lines = await self._output.last_lines(self.spec.label)
        if code == EXIT_SETTINGS:
            return lines[-1].removeprefix(f"{self.spec.name}: ") if lines else f"{self.spec.label}: a setting is wrong"
        if self._starts != self.spec.most_first_starts:
            return ""
        said = "".join(f"\n  {line}" for line in lines) or " nothing"
        return f"{self.spec.label} ended {self._starts} times without an answer, with {_code_in_words(code)}, and said:{said}"

    async def _run_once(self) -> int:
        descriptor = await self._output.pipe(self.spec.label)
        try:
            self.child = child = await self._children.start(self.spec.command(), descriptor)
        finally:
            os.close(descriptor)
        self.spawned.set()
        self._changed()
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
        self._tell(f"{self.spec.label} does not answer, and has done nothing for {_IDLE_LIMIT_S:g} s; it is killed")
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
            # Client libraries raise what they like, and a process that is started anew answers all of it.
            self._tell(f"{self.spec.label} cannot be used ({error or repr(error)}); it is killed")
            child.kill()
            return False
        return True


def _code_in_words(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
