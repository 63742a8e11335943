"""Bounded admission: a fixed number run at once, more wait in a bounded queue with a deadline."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from shared.errors import Unavailable


class Admission:
    """Admits work in order of arrival. `work`, a singular noun, names it in errors.

    `observe_wait` receives the seconds that each work waited, whether it was admitted or not.
    """

    def __init__(
        self,
        work: str,
        *,
        at_once: int,
        wait_s: float,
        most_waiting: int | None = None,
        observe_wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._work = work
        self._slots = asyncio.Semaphore(at_once)
        self._wait_s = wait_s
        self._most_waiting = most_waiting
        self._observe_wait = observe_wait
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold one slot for a block. Raises Unavailable when the queue is full, or no slot is free within `wait_s`."""
        await self._wait()
        try:
            yield
        finally:
            self._slots.release()

    async def _wait(self) -> None:
        if self._most_waiting is not None and self._waiting >= self._most_waiting:
            raise Unavailable(f"too many {self._work}s are waiting")
        self._waiting += 1
        began = monotonic()
        try:
            async with asyncio.timeout(self._wait_s):
                await self._slots.acquire()
        except TimeoutError as error:
            raise Unavailable(f"no free {self._work} slot within {self._wait_s:g} s") from error
        finally:
            self._waiting -= 1
            self._observe_wait(monotonic() - began)
