"""Waits for an article that was published a moment ago: its event reaches other services some tens of milliseconds later."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

# A reader who follows a link at once must not get 404.
ARRIVES_WITHIN_S = 1.5
_LOOK_EVERY_S = 0.1


async def find_arriving(find: Callable[[], Awaitable[T | None]], *, waits: bool = True) -> T | None:
    """Call `find` until it returns something; None after ARRIVES_WITHIN_S, or after one call unless it `waits`.

    The caller bounds the number of concurrent waits.
    """
    deadline = monotonic() + (ARRIVES_WITHIN_S if waits else 0.0)
    while True:
        found = await find()
        if found is not None or monotonic() >= deadline:
            return found
        await asyncio.sleep(_LOOK_EVERY_S)
