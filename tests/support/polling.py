"""Waiting until something is so. Deadlines are no measures of speed: a machine with much else to do keeps them too.

Patience is counted in seconds and in questions: a quiet machine asks a thousand times in a minute, and a starved one gets
as long as a few hundred questions take. A test's own time limit (`tests/support/limits.py`) ends what never comes.
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
_LOOK_EVERY_S = 0.02
# Of the questions that a machine at rest asks within the same seconds.
_LEAST_SHARE = 0.25
Found = TypeVar("Found")


class _Patience:
    """Lasts for some seconds, and for at least as many questions as a slow machine asks in them."""

    def __init__(self, within_s: float, every_s: float) -> None:
        self._deadline = time.monotonic() + within_s
        self._questions = int(_LEAST_SHARE * within_s / every_s)

    def lasts(self) -> bool:
        """Whether to ask once more."""
        self._questions -= 1
        return self._questions >= 0 or time.monotonic() < self._deadline


async def eventually(
    ask: Callable[[], Awaitable[Found]],
    *,
    within_s: float = PATIENCE_S,
    what: Callable[[], object] | str = "",
    every_s: float = 0.05,
) -> Found:
    """Ask again and again until the answer is true; fails at the deadline with the last answer or error."""
    patience = _Patience(within_s, every_s)
    last: object = None
    while patience.lasts():
        try:
            last = answer = await ask()
            if answer:
                return answer
        except (aiohttp.ClientError, KafkaError, Unavailable, TimeoutError, ConnectionError, LookupError) as error:
            last = error
        await asyncio.sleep(every_s)
    raise AssertionError(f"not within {within_s:g} s: {what() if callable(what) else what}; last: {last!r}")


async def until(condition: Callable[[], object], what: str, *, within_s: float = PATIENCE_S) -> None:
    """Look again and again until a condition holds; fails at the deadline."""
    patience = _Patience(within_s, _LOOK_EVERY_S)
    while not condition():
        assert patience.lasts(), f"not within {within_s:g} s: {what}"
        await asyncio.sleep(_LOOK_EVERY_S)


async def promptly(take: Callable[[], Awaitable[float]], *, within_s: float) -> None:
    """Hold what says how many seconds it took to what is promised. A machine that stands still spoils a try: there are three.

    A promise in seconds is one of a machine that has a core to spare: where several processes share each core, it is so many
    times as long.
    """
    taken_s: list[float] = []
    while len(taken_s) < 3:
        taken_s.append(await take())
        if taken_s[-1] < within_s * processes_a_core():
            return
    raise AssertionError(f"never within {within_s:g} s, but after {', '.join(f'{s:.2f}' for s in taken_s)}")


def processes_a_core() -> float:
    """How many processes share each core: so many times as long as on a machine with a core to spare takes everything."""
    return max(1.0, os.getloadavg()[0] / cores())
