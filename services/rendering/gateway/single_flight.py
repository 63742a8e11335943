"""Single flight: concurrent requests for a page share one render. Bounds renders, never returns outdated pages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from services.rendering import metrics
from services.rendering.gateway.cache import PageCache, Versions
from services.rendering.gateway.right_of_way import RightOfWay
from shared.admission import Admission
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)
T = TypeVar("T")

# A render whose data changed meanwhile starts again, after a pause that lets the projector finish its writes.
_MOST_TRIES = 8
_FIRST_PAUSE_S = 0.005
# Renders of guessed addresses: their share of the renders at once, and of the queue. A quarter is two seconds of work.
_GUESSES_AT_ONCE = 0.75
_GUESSES_WAITING = 0.25


@dataclass(frozen=True, slots=True)
class Rendered(Generic[T]):
    """A rendered page and the versions of every document read for it; once settled, its cache epoch too."""

    page: T
    versions: Versions
    epoch: int = -1


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """How many renders run at once, how many may wait, and how long."""

    renders: int
    waiting: int
    wait_s: float


Render = Callable[[], Awaitable[Rendered[T]]]
Store = Callable[[str, Rendered[T]], None]


class SingleFlight(Generic[T]):
    """Single flight by cache key. `store` puts a rendered page into the cache, if the cache is to be trusted.

    Keys that are not `is_known` have a part of the renders and of the queue, so that they cannot keep out the others.
    """

    def __init__(
        self,
        cache: PageCache[T],
        store: Store[T],
        limits: RenderLimits,
        is_known: Callable[[str], bool] = lambda key: True,
    ) -> None:
        self.right_of_way = RightOfWay()
        self._cache = cache
        self._store = store
        self._admission = Admission(
            "render",
            at_once=limits.renders,
            most_waiting=limits.waiting,
            wait_s=limits.wait_s,
            observe_wait=metrics.RENDER_WAIT_SECONDS.observe,
        )
        self._is_known = is_known
        self._guesses = Admission(
            "render of an unknown address",
            at_once=max(1, int(limits.renders * _GUESSES_AT_ONCE)),
            most_waiting=int(limits.waiting * _GUESSES_WAITING),
            wait_s=limits.wait_s,
        )
        self._tasks: dict[str, asyncio.Task[Rendered[T]]] = {}

    async def run(self, key: str, render: Render[T]) -> T:
        """Return the page, from one render for all callers that wait. Raises Unavailable: no free slot, or no data.

        The render is a separate task, so cancelling the first caller does not cancel it for the others. Each caller
        checks the result again: a floor may rise between the end of the render and the caller's turn of the loop.
        """
        for _ in range(_MOST_TRIES):
            rendered = await asyncio.shield(self._task(key, render))
            if self._cache.is_current(rendered.versions, rendered.epoch):
                return rendered.page
        raise _changes_too_fast(key)

    def _task(self, key: str, render: Render[T]) -> "asyncio.Task[Rendered[T]]":
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._render(key, render), name=f"render {key}")
            task.add_done_callback(lambda done: self._finish(key, done))
        return task

    def _finish(self, key: str, task: "asyncio.Task[Rendered[T]]") -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # marks the failure as retrieved: all callers may have gone

    async def _render(self, key: str, render: Render[T]) -> Rendered[T]:
        await self.right_of_way.give_way(key)
        async with self._turn(key):
            for tries in range(_MOST_TRIES):
                ticket = self._cache.begin()
                with metrics.RENDER_SECONDS.time():
                    found = await render()
                versions = self._cache.settle(found.versions, ticket)
                if versions is not None:
                    self._cache.observe(versions)
                    rendered = Rendered(found.page, versions, ticket.epoch)
                    self._store(key, rendered)
                    return rendered
                metrics.RENDERS_OUTDATED.inc()
                await asyncio.sleep(_FIRST_PAUSE_S * 2**tries)
        raise _changes_too_fast(key)

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        """A slot among all renders. A guess queues for one of its own first, so that few of them are in the queue of all."""
        if self._is_known(key):
            async with self._admission.turn():
                yield
        else:
            async with self._guesses.turn(), self._admission.turn():
                yield


def _changes_too_fast(key: str) -> Unavailable:
    return Unavailable(f"{key} changes faster than it can be rendered")
