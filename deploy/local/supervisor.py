"""The supervisor's own life: it takes the data folder, runs the stack, and ends it when it is told to."""

import asyncio
import contextlib
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from deploy.local.children import Children
from deploy.local.data_folder import lock
from deploy.local.logs import Console, Logs
from deploy.local.ports import is_free
from deploy.local.settings import LocalSettings
from deploy.local.stack import Stack, StackFailed

ROOT = Path(__file__).resolve().parents[2]
_PARENT_CHECK_S = 0.5


async def run(settings: LocalSettings, *, engines_only: bool) -> None:
    """Run until SIGINT or SIGTERM (or until the parent is gone, where the settings ask for that)."""
    if not engines_only and not is_free(settings.port):
        raise StackFailed(
            f"port {settings.port} is taken by another program; choose another: WM_PORT={settings.port + 1} make run"
        )
    data = settings.data.resolve()
    descriptor = lock(data)
    run_file = data / "run.json"
    run_file.unlink(missing_ok=True)
    console = Console()
    try:
        async with AsyncExitStack() as resources:
            logs = Logs(data / "logs", console.say)
            resources.push_async_callback(logs.close)
            children = await resources.enter_async_context(Children(ROOT, descriptor))
            stack = Stack(settings, children, logs, console)
            resources.push_async_callback(stack.stop)
            await _serve(stack, children, settings, engines_only=engines_only)
    finally:
        run_file.unlink(missing_ok=True)
        console.close()
        os.close(descriptor)


async def _serve(stack: Stack, children: Children, settings: LocalSettings, *, engines_only: bool) -> None:
    lost = asyncio.create_task(children.lost.wait())
    stop = asyncio.create_task(_stop_wanted(parent_matters=settings.stop_with_parent))
    starting = asyncio.create_task(stack.start(engines_only=engines_only))
    failed = asyncio.create_task(stack.failed.wait())
    ends = (lost, stop, failed)
    await asyncio.wait([*ends, starting], return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and not any(end.done() for end in ends):
        starting.result()
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in (starting, stop, failed):
        task.cancel()
    await asyncio.wait([starting, stop, failed])
    if lost.done():
        raise StackFailed("the nursery process was killed, and every other with it")
    lost.cancel()
    if stack.failed.is_set():
        raise StackFailed(stack.failure)


async def _stop_wanted(*, parent_matters: bool) -> None:
    wanted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, wanted.set)
    parent = os.getppid()
    while not wanted.is_set() and not (parent_matters and os.getppid() != parent):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wanted.wait(), _PARENT_CHECK_S)
