"""Groups items that wait at the same moment into one batch of work. Each caller gets its own result."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from shared.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")

# While a store fails slowly, callers behind a batch would wait for one time-out after the other.
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Waiting(Generic[T, R]):
    """An item, its caller's result, and since when it waits."""

    item: T
    result: asyncio.Future[R]
    since: float


def _no_names(_: object) -> Iterable[str]:
    return ()


class Batches(Generic[T, R]):
    """Does `at_once` batches at a time. A single item is done at once; those that come meanwhile form the next batch.

    `work` returns a result or an exception for each item, in order; an exception that it raises is everyone's. `names_of`: two
    items with a name in common are never done at the same time; their order stays.
    """

    def __init__(
        self,
        what: str,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        *,
        most: int,
        at_once: int = 1,
        names_of: Callable[[T], Iterable[str]] = _no_names,
        patience_s: float = _PATIENCE_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._what = what
        self._work = work
        self._most = most
        self._at_once = at_once
        self._names_of = names_of
        self._patience_s = patience_s
        self._clock = clock
        self._waiting: deque[Waiting[T, R]] = deque()
        self._busy: set[str] = set()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, item: T) -> R:
        """The item's result. Raises its exception, and Unavailable when its batch does not begin in `patience_s`.

        A caller that gives up does not end the batch.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(item, future, self._clock()))
        if self._running < self._at_once:
            self._running += 1
            # The task works for many requests: it takes none's context (trace, log fields).
            task = asyncio.create_task(self._run(), name=self._what, context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while batch := self._take():
                names = {name for waiting in batch for name in self._names_of(waiting.item)}
                self._busy |= names
                results = await self._results(batch)
                self._busy -= names
                for waiting, result in zip(batch, results, strict=True):
                    _settle(waiting.result, result)
        finally:
            # With the last look at the queue, before anyone can add to it.
            self._running -= 1

    async def _results(self, batch: Sequence[Waiting[T, R]]) -> Sequence[R | Exception]:
        try:
            return await self._work([waiting.item for waiting in batch])
        except Exception as error:  # each caller gets it and decides
            return [error] * len(batch)
        except asyncio.CancelledError:
            for waiting in (*batch, *self._waiting):
                waiting.result.cancel()
            raise

    def _take(self) -> list[Waiting[T, R]]:
        """The next batch, without those that have waited too long."""
        batch: list[Waiting[T, R]] = []
        later: deque[Waiting[T, R]] = deque()
        seen = set(self._busy)
        latest = self._clock() - self._patience_s
        while self._waiting and len(batch) < self._most:
            waiting = self._waiting.popleft()
            if waiting.since < latest:
                _settle(waiting.result, Unavailable(f"{self._what}: too many wait"))
                continue
            names = set(self._names_of(waiting.item))
            (later if names & seen else batch).append(waiting)
            seen |= names
        self._waiting.extendleft(reversed(later))
        return batch


def _settle(future: asyncio.Future[R], result: R | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
        future.exception()  # marks it as retrieved: the caller may have gone
    else:
        future.set_result(result)
