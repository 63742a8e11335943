"""Lanes of searches: threads of their own and a bounded queue for each class of cost."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from shared.errors import Unavailable

T = TypeVar("T")


class Lane:
    """Runs work in `threads` threads; `waiting` more may wait for one. `work`, a singular noun, names it in errors."""

    def __init__(self, work: str, threads: int, waiting: int) -> None:
        self._work = work
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=work)
        self._most_pending = threads + waiting
        self._pending: set[object] = set()

    async def run(self, task: Callable[[], T]) -> T:
        """The task's result. Raises Unavailable if too many wait. Cancelling takes it out of the queue, not out of its thread."""
        if len(self._pending) >= self._most_pending:
            raise Unavailable(f"no room for another {self._work}")
        future = self._threads.submit(task)
        self._pending.add(future)
        # A task that was given up still holds its thread: it counts until it has ended.
        future.add_done_callback(self._pending.discard)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Start nothing more, and do not wait for what runs."""
        self._threads.shutdown(wait=False, cancel_futures=True)
