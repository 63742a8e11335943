"""The life of a process: its logs, its background tasks, and its end."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import NoReturn

import structlog

from shared.errors import SettingsError

EXIT_BROKEN = 70  # EX_SOFTWARE: the supervisor starts the process again
EXIT_SETTINGS = 78  # EX_CONFIG: a new start would end in the same way


def end_for_settings(name: str, error: SettingsError) -> NoReturn:
    """End with one sentence, as the last line, and an exit code of its own: the embedded supervisor then ends the whole stack."""
    print(f"{name}: {'; '.join(str(error).splitlines())}", file=sys.stderr, flush=True)
    sys.exit(EXIT_SETTINGS)


def end_process(reason: str) -> None:
    """End at once: what runs on would do harm or nothing. Nothing acknowledged depends on an orderly end."""
    structlog.get_logger(__name__).critical("process.ends", reason=reason)
    sys.stdout.flush()
    os._exit(EXIT_BROKEN)


def start_task(work: Coroutine[object, object, None], name: str) -> "asyncio.Task[None]":
    """Run a background task whose death, unless it was cancelled or finished, ends the process."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_judge)
    return task


def _judge(task: "asyncio.Task[None]") -> None:
    error = _cause_of_death(task)
    if error is not None:
        structlog.get_logger(__name__).critical("task.died", task=task.get_name(), exc_info=error)
        end_process(f"task {task.get_name()} died: {error!r}")


def _cause_of_death(task: "asyncio.Task[None]") -> BaseException | None:
    if not task.cancelled():
        return task.exception()
    # Where nobody asked for it, a library's CancelledError came up through the task and ended it.
    return None if task.cancelling() else asyncio.CancelledError("by itself")


async def stop_task(task: "asyncio.Task[None]", again_after_s: float = 4.0) -> None:
    """Cancel a task and wait until it is gone; one that will not go is left after three attempts.

    Libraries wait with `asyncio.wait_for`, which before Python 3.12 swallows a cancellation that comes together with what was
    waited for (cpython 86296): the task then runs on.
    """
    for _ in range(3):
        task.cancel()
        if (await asyncio.wait([task], timeout=again_after_s))[0]:
            return
    structlog.get_logger(__name__).warning("task.left", task=task.get_name())
