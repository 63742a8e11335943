"""Reads that many requests share, without an answer older than a request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedReads(Generic[T]):
    """One read of a key at a time. Callers that come while one runs share the next: each gets what was read after its call."""

    def __init__(self, read: Callable[[str], Awaitable[T]]) -> None:
        self._read = read
        self._running: dict[str, asyncio.Task[T]] = {}
        self._next: dict[str, asyncio.Task[T]] = {}

    async def get(self, key: str) -> T:
        """The value. Raises what the read raises."""
        task = self._next.get(key)
        if task is None:
            task = asyncio.create_task(self._run(key, self._running.get(key)), name=f"shared read of {key}")
            task.add_done_callback(_note_failure)
            self._next[key] = task
        # A caller that gives up does not end the read of the others.
        return await asyncio.shield(task)

    async def _run(self, key: str, before: "asyncio.Task[T] | None") -> T:
        if before is not None:
            await asyncio.wait([before])
        self._running[key] = self._next.pop(key)
        try:
            return await self._read(key)
        finally:
            del self._running[key]


def _note_failure(task: "asyncio.Task[T]") -> None:
    if not task.cancelled():
        task.exception()  # marks it as retrieved: all callers may have gone
