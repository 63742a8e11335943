"""Background tasks and the end of a process."""

import asyncio
import gc
import os
import sys
from collections.abc import Coroutine
from typing import NoReturn

import structlog

from shared.errors import SettingsError

EXIT_BROKEN = 70  # EX_SOFTWARE: the supervisor restarts the process
EXIT_SETTINGS = 78  # EX_CONFIG: a restart would fail in the same way
# Net new container objects before the garbage collector runs.
_COLLECT_AFTER = 20_000


def end_for_settings(name: str, error: SettingsError) -> NoReturn:
    """Print the error as the last line and exit with EXIT_SETTINGS, on which the embedded supervisor stops the whole stack."""
    print(f"{name}: {'; '.join(str(error).splitlines())}", file=sys.stderr, flush=True)
    sys.exit(EXIT_SETTINGS)


def end_process(reason: str) -> None:
    """Exit at once, without cleaning up: nothing that was acknowledged depends on an orderly stop."""
    structlog.get_logger(__name__).critical("process.ends", reason=reason)
    sys.stdout.flush()
    os._exit(EXIT_BROKEN)


def spare_the_collector() -> None:
    """Exclude everything imported so far from garbage collection, and collect rarely.

    Requests and records make few reference cycles. With Python's own threshold of 700 the collector took a tenth of a ready
    answer's time, and half of a rebuild's.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def start_task(work: Coroutine[object, object, None], name: str) -> "asyncio.Task[None]":
    """Start a background task. If it fails, the process ends."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_end_process_on_failure)
    return task


def _end_process_on_failure(task: "asyncio.Task[None]") -> None:
    error = _failure(task)
    if error is not None:
        structlog.get_logger(__name__).critical("task.died", task=task.get_name(), exc_info=error)
        end_process(f"task {task.get_name()} died: {error!r}")


def _failure(task: "asyncio.Task[None]") -> BaseException | None:
    if not task.cancelled():
        return task.exception()
    # Nobody cancelled the task: a CancelledError from inside a library ended it.
    return None if task.cancelling() else asyncio.CancelledError("not requested")


async def stop_task(task: "asyncio.Task[None]", again_after_s: float = 4.0) -> None:
    """Cancel a task and wait for its end; give up after three attempts.

    One attempt may not suffice: before Python 3.12, `asyncio.wait_for` in libraries swallows a cancellation that arrives
    together with its result (cpython 86296).
    """
    for _ in range(3):
        task.cancel()
        if (await asyncio.wait([task], timeout=again_after_s))[0]:
            return
    structlog.get_logger(__name__).warning("task.left", task=task.get_name())
