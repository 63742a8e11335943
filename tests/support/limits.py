"""Time limits of tests. A test that exceeds its limit fails and reports where it waited; the pytest process goes on.

A coroutine test is cancelled inside its event loop. A signal interrupts everything else (fixtures, plain tests). It is
repeated until the test ends, because an exception raised by a signal handler may be lost in a callback.
"""

import asyncio
import functools
import signal
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import CoroutineType, FrameType
from typing import Any

import pytest

# The signal comes later than the cancellation, so that a cancelled coroutine test can clean up.
_OVERRUN = 1.25
_CLEANUP_S = 20.0
_AGAIN_S = 5.0


def limit_of(item: pytest.Item) -> float:
    """Time limit of a test in seconds: its `timeout` mark, otherwise pytest's setting."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0] if marker is not None else item.config.getini("timeout"))


def limited(test: Callable[..., Awaitable[None]], within_s: float) -> Callable[..., Coroutine[object, object, None]]:
    """Wrap a coroutine test: after `within_s` it is cancelled, and fails with the place where it waited."""

    @functools.wraps(test)
    async def run(*args: object, **kwargs: object) -> None:
        running = asyncio.ensure_future(test(*args, **kwargs))
        try:
            await asyncio.wait({running}, timeout=within_s)
            if not running.done():
                pytest.fail(f"time limit of {within_s:g} s exceeded; the test waited at:\n{waiting_at(running)}")
            running.result()
        finally:
            running.cancel()
            await asyncio.wait({running}, timeout=_CLEANUP_S)

    return run


def waiting_at(task: "asyncio.Future[None]") -> str:
    """The await stack of a task, outermost frame first: file, line and source."""
    lines: list[str] = []
    awaited: object = task.get_coro() if isinstance(task, asyncio.Task) else None
    while isinstance(awaited, CoroutineType):
        if awaited.cr_frame is not None:
            lines += traceback.format_stack(awaited.cr_frame, limit=1)
        awaited = awaited.cr_await
    return "".join(lines) or repr(task)


@contextmanager
def interrupted(item: pytest.Item, phase: str) -> Iterator[None]:
    """Interrupt a phase of a test (setup, call, teardown) by a signal when it takes much longer than the limit.

    The signal is armed only inside the block, because an exception in pytest's own code would end the process.
    """
    within_s = limit_of(item) * _OVERRUN

    def interrupt(_: int, frame: FrameType | None) -> None:
        pytest.fail(f"time limit exceeded: {phase} took {within_s:g} s; it was in:\n{_stack(frame)}")

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, within_s, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stack(frame: FrameType | None) -> str:
    tasks = list(_waiting_tasks())
    return "".join(traceback.format_stack(frame)[-6:]) + "".join(f"\na task waited at:\n{task}" for task in tasks[:5])


def _waiting_tasks() -> Iterator[str]:
    try:
        running: set[asyncio.Task[Any]] = asyncio.all_tasks()
    except RuntimeError:
        return
    yield from (waiting_at(task) for task in running)
