"""Waiting until something is so. The deadlines are no measures of speed: a machine with much else to do keeps them too."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from aiokafka.errors import KafkaError

from shared.errors import Unavailable

PATIENCE_S = 60.0
Found = TypeVar("Found")


async def eventually(
    ask: Callable[[], Awaitable[Found]],
    *,
    within_s: float = PATIENCE_S,
    what: Callable[[], object] | str = "",
    every_s: float = 0.05,
) -> Found:
    """Ask again and again until the answer is true; fails at the deadline with the last answer or error."""
    deadline = time.monotonic() + within_s
    last: object = None
    while time.monotonic() < deadline:
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
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(0.02)


async def promptly(take: Callable[[], Awaitable[float]], *, within_s: float) -> None:
    """Hold what says how many seconds it took to what is promised. A machine that stands still spoils a try: there are three."""
    taken_s: list[float] = []
    while len(taken_s) < 3:
        taken_s.append(await take())
        if taken_s[-1] < within_s:
            return
    raise AssertionError(f"never within {within_s:g} s, but after {', '.join(f'{s:.2f}' for s in taken_s)}")
