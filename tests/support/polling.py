"""Polling with a deadline. Deadlines do not measure speed, and must hold on a busy machine too.

A deadline counts seconds and polls: a quiet machine polls a thousand times in a minute; a busy one may take longer, until it
has polled a few hundred times. The time limit of a test (`tests/support/limits.py`) ends endless waits.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from tests.support.machine import cores

PATIENCE_S = 120.0
_POLL_EVERY_S = 0.02
# Share of the polls of an idle machine that a busy one must reach before a deadline counts.
_MIN_POLL_SHARE = 0.25
Found = TypeVar("Found")


class _Deadline:
    """Passes after some seconds, but not before a minimum number of polls."""

    def __init__(self, within_s: float, every_s: float) -> None:
        self._ends_at = time.monotonic() + within_s
        self._polls_left = int(_MIN_POLL_SHARE * within_s / every_s)

    def allows_poll(self) -> bool:
        """Count a poll, and return whether it is still allowed."""
        self._polls_left -= 1
        return self._polls_left >= 0 or time.monotonic() < self._ends_at


async def eventually(
    ask: Callable[[], Awaitable[Found]],
    *,
    within_s: float = PATIENCE_S,
    what: Callable[[], object] | str = "",
    every_s: float = 0.05,
) -> Found:
    """Call `ask` until its answer is true. Fails at the deadline with the last answer or error."""
    deadline = _Deadline(within_s, every_s)
    last: object = None
    while deadline.allows_poll():
        try:
            last = answer = await ask()
            if answer:
                return answer
        except (aiohttp.ClientError, KafkaError, Unavailable, TimeoutError, ConnectionError, LookupError) as error:
            last = error
        await asyncio.sleep(every_s)
    raise AssertionError(f"not within {within_s:g} s: {what() if callable(what) else what}; last: {last!r}")


async def until(condition: Callable[[], object], what: str, *, within_s: float = PATIENCE_S) -> None:
    """Poll until a condition holds. Fails at the deadline."""
    deadline = _Deadline(within_s, _POLL_EVERY_S)
    while not condition():
        assert deadline.allows_poll(), f"not within {within_s:g} s: {what}"
        await asyncio.sleep(_POLL_EVERY_S)


async def promptly(take: Callable[[], Awaitable[float]], *, within_s: float) -> None:
    """Check that `take`, which returns the seconds it took, meets a time limit in one of three tries.

    Three tries, because a pause of the machine spoils one. The limit holds for a machine with a free core. When several
    processes share each core, it is multiplied by their number.
    """
    taken_s: list[float] = []
    while len(taken_s) < 3:
        taken_s.append(await take())
        if taken_s[-1] < within_s * processes_a_core():
            return
    raise AssertionError(f"never within {within_s:g} s, but after {', '.join(f'{s:.2f}' for s in taken_s)}")


def processes_a_core() -> float:
    """Number of processes that share each core, at least 1: the factor by which everything is slower."""
    return max(1.0, os.getloadavg()[0] / cores())
