"""Lookups that are held for some seconds. Concurrent questions for one key are one lookup."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Held(Generic[K, V]):
    """The last `most` answers of `read`, each for `hold_s` seconds. A failed lookup is not held, its error is raised."""

    def __init__(
        self,
        read: Callable[[K], Coroutine[None, None, V]],
        *,
        hold_s: float,
        most: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._read = read
        self._hold_s = hold_s
        self._most = most
        self._clock = clock
        self._held: OrderedDict[K, tuple[float, asyncio.Task[V]]] = OrderedDict()

    async def find(self, key: K) -> V:
        """The held answer, or a new one. A caller that is cancelled does not end the lookup of the others."""
        until, task = self._held.get(key, (0.0, None))
        if task is None or self._clock() >= until or _has_failed(task):
            task = asyncio.create_task(self._read(key))
            self._held[key] = self._clock() + self._hold_s, task
            self._held.move_to_end(key)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        return await asyncio.shield(task)


def _has_failed(task: asyncio.Task[V]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
