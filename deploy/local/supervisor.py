"""The supervisor: locks the data folder, runs the stack, and stops it on request."""

import asyncio
import contextlib
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from deploy.local import STARTED_BY
from deploy.local.children import Children
from deploy.local.data_folder import lock
from deploy.local.leftovers import end_leftovers
from deploy.local.logs import Console, Logs
from deploy.local.ports import is_free
from deploy.local.settings import LocalSettings
from deploy.local.stack import Stack, StackFailed

ROOT = Path(__file__).resolve().parents[2]
_LOOK_EVERY_S = 0.5


async def run(settings: LocalSettings, *, engines_only: bool) -> None:
    """Run until SIGINT or SIGTERM, or until the data folder or (where the settings ask for it) the parent is gone."""
    data = settings.data.resolve()
    descriptor = lock(data)
    run_file = data / "run.json"
    run_file.unlink(missing_ok=True)
    console = Console()
    try:
        if not engines_only:
            _claim_port(settings.port, data)
        async with AsyncExitStack() as resources:
            logs = Logs(data / "logs", console.print)
            resources.push_async_callback(logs.close)
            children = await resources.enter_async_context(Children(ROOT, descriptor))
            stack = Stack(settings, children, logs, console)
            resources.push_async_callback(stack.stop)
            ending = asyncio.create_task(_end_wanted(_parent_to_keep(settings), descriptor))
            await _serve(stack, children, ending, engines_only=engines_only)
    finally:
        run_file.unlink(missing_ok=True)
        console.close()
        os.close(descriptor)


def _claim_port(port: int, data: Path) -> None:
    end_leftovers(data / "edge")
    if not is_free(port):
        raise StackFailed(f"port {port} is taken by another program; choose another: WM_PORT={port + 1} make run")


async def _serve(stack: Stack, children: Children, stop: "asyncio.Task[str]", *, engines_only: bool) -> None:
    lost = asyncio.create_task(children.lost.wait())
    starting = asyncio.create_task(stack.start(engines_only=engines_only))
    failed = asyncio.create_task(stack.failed.wait())
    ends = (lost, stop, failed)
    await asyncio.wait([*ends, starting], return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and not any(end.done() for end in ends):
        starting.result()
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if stop.done() and (reason := stop.result()):
        stack.report(f"stopping: {reason}")
    for task in (starting, stop, failed):
        task.cancel()
    await asyncio.wait([starting, stop, failed])
    if lost.done():
        raise StackFailed("the forkserver was killed, and every other process with it")
    lost.cancel()
    if stack.failed.is_set():
        raise StackFailed(stack.failure)


def _parent_to_keep(settings: LocalSettings) -> int | None:
    if settings.stop_with_parent is True:
        return STARTED_BY
    return settings.stop_with_parent or None


async def _end_wanted(parent: int | None, lock: int) -> str:
    """Wait until the stack has to stop. Returns the reason, empty after a signal."""
    wanted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, wanted.set)
    while not wanted.is_set():
        if parent is not None and os.getppid() != parent:
            return f"process {parent}, which started the stack, is gone"
        if os.fstat(lock).st_nlink == 0:
            return "its data folder was removed"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wanted.wait(), _LOOK_EVERY_S)
    return ""
