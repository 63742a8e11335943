"""The sample edition: loaded once, on the first start, through the ways that editors and readers use."""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.children import Children, Command
from deploy.local.logs import Logs
from deploy.local.settings import LocalSettings

_NAME = "edition"
_LOAD_WITHIN_S = 120.0


async def load_once(
    settings: LocalSettings, children: Children, logs: Logs, env: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Load it if it is wanted and was not loaded before. A failed load is said and tried again on the next start."""
    marker = settings.data.resolve() / "edition.loaded"
    if settings.edition == "none" or marker.exists():
        return
    say("loading the sample edition (once)")
    code = await _run(children, logs, env)
    if code == 0:
        _mark(marker)
    else:
        say(f"the sample edition could not be loaded (exit code {code}); see logs/{_NAME}.log")


async def _run(children: Children, logs: Logs, env: Mapping[str, str]) -> int:
    descriptor = await logs.pipe(_NAME)
    try:
        child = await children.start(Command(module="deploy.edition", env=env), descriptor)
    finally:
        os.close(descriptor)
    try:
        await asyncio.wait([child.exited], timeout=_LOAD_WITHIN_S)
    finally:
        if not child.exited.done():
            child.kill()
    return await child.exited


def _mark(marker: Path) -> None:
    marker.write_text("Remove this file to have the sample edition loaded again.\n")
