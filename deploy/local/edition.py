"""Loads the sample edition once, on the first start, through the public API and the topics."""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.children import Children, Command
from deploy.local.logs import Logs
from deploy.local.progress import Activity
from deploy.local.settings import LocalSettings

_NAME = "edition"
# Longer than any wait of the loader's own: idle for so long, it hangs.
_IDLE_LIMIT_S = 180.0
_LOOK_EVERY_S = 1.0


async def load_once(
    settings: LocalSettings, children: Children, logs: Logs, env: Mapping[str, str], report: Callable[[str], None]
) -> None:
    """Load the edition if it is wanted and was not loaded before. A failed load is reported, and tried again on the next start."""
    marker = settings.data.resolve() / "edition.loaded"
    if settings.edition == "none" or marker.exists():
        return
    report("loading the sample edition (once)")
    code = await _run(children, logs, env)
    if code == 0:
        _mark(marker)
    else:
        report(f"the sample edition could not be loaded (exit code {code}); see logs/{_NAME}.log")


async def _run(children: Children, logs: Logs, env: Mapping[str, str]) -> int:
    descriptor = await logs.pipe(_NAME)
    try:
        child = await children.start(Command(module="deploy.edition", env=env), descriptor)
    finally:
        os.close(descriptor)
    activity = Activity(child.pid)
    try:
        while not child.exited.done() and activity.idle_for_s() < _IDLE_LIMIT_S:
            await asyncio.wait([child.exited], timeout=_LOOK_EVERY_S)
    finally:
        if not child.exited.done():
            child.kill()
    return await child.exited


def _mark(marker: Path) -> None:
    marker.write_text("Remove this file to have the sample edition loaded again.\n")
