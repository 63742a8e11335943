"""Work that callers share: items that wait at the same moment are done together, each with its own result."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_Waiting = tuple[T, asyncio.Future[R]]


def _no_names(_: object) -> Iterable[str]:
    return ()


class Batches(Generic[T, R]):
    """Does one batch at a time. A single item is done at once; those that come meanwhile form the next batch.

    `work` returns a result or an exception for each item, in order; an exception that it raises is everyone's. `names_of`: two
    items with a name in common are never in one batch; their order stays.
    """

    def __init__(
        self,
        what: str,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        *,
        most: int,
        names_of: Callable[[T], Iterable[str]] = _no_names,
    ) -> None:
        self._what = what
        self._work = work
        self._most = most
        self._names_of = names_of
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: T) -> R:
        """The item's result. Raises its exception. A caller that gives up does not end the batch."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            # The task works for many requests: it takes none's context (trace, log fields).
            self._task = asyncio.create_task(self._run(), name=self._what, context=Context())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            batch = self._take()
            for (_, future), result in zip(batch, await self._results(batch), strict=True):
                _settle(future, result)

    async def _results(self, batch: Sequence[_Waiting[T, R]]) -> Sequence[R | Exception]:
        try:
            return await self._work([item for item, _ in batch])
        except Exception as error:  # each caller gets it and decides
            return [error] * len(batch)
        except asyncio.CancelledError:
            for _, future in (*batch, *self._waiting):
                future.cancel()
            raise

    def _take(self) -> list[_Waiting[T, R]]:
        batch: list[_Waiting[T, R]] = []
        later: deque[_Waiting[T, R]] = deque()
        seen: set[str] = set()
        while self._waiting and len(batch) < self._most:
            waiting = self._waiting.popleft()
            names = set(self._names_of(waiting[0]))
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
