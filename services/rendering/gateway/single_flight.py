"""Makes pages: one render a page at a time, a bound on renders at once, never an answer older than one already given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from services.rendering import metrics
from services.rendering.gateway.cache import PageCache, Versions
from shared.admission import Admission
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)
T = TypeVar("T")

# A render whose data moved meanwhile starts over, after a moment in which the projector finishes what it is writing.
_MOST_TRIES = 8
_FIRST_PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class Rendered(Generic[T]):
    """A rendered page and the versions of all that was read for it; once settled, the epoch it belongs to."""

    page: T
    versions: Versions
    epoch: int = -1


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """How many renders run at once, how many may wait, and for how long."""

    renders: int
    waiting: int
    wait_s: float


Render = Callable[[], Awaitable[Rendered[T]]]
Keep = Callable[[str, Rendered[T]], None]


class SingleFlight(Generic[T]):
    """Single flight by key over the cache's rules. `keep` puts what was made into the cache, if it is to be trusted."""

    def __init__(self, cache: PageCache[T], keep: Keep[T], limits: RenderLimits) -> None:
        self._cache = cache
        self._keep = keep
        self._admission = Admission(
            "render",
            at_once=limits.renders,
            most_waiting=limits.waiting,
            wait_s=limits.wait_s,
            observe_wait=metrics.RENDER_WAIT_SECONDS.observe,
        )
        self._flights: dict[str, asyncio.Task[Rendered[T]]] = {}

    async def make(self, key: str, render: Render[T]) -> T:
        """The page, from one render for all who ask meanwhile. Raises Unavailable when there is no room, or no data.

        The render is a task of its own: whoever asked first may go without taking it from the others. Whoever gets the
        result checks it again, since a floor may have risen between the end of the render and this turn of the loop.
        """
        for _ in range(_MOST_TRIES):
            made = await asyncio.shield(self._flight(key, render))
            if self._cache.is_current(made.versions, made.epoch):
                return made.page
        raise Unavailable(f"{key} moves faster than it can be rendered")

    def _flight(self, key: str, render: Render[T]) -> "asyncio.Task[Rendered[T]]":
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._fly(key, render), name=f"render {key}")
            flight.add_done_callback(lambda done: self._land(key, done))
        return flight

    def _land(self, key: str, flight: "asyncio.Task[Rendered[T]]") -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # looked at, so that a failure whose askers have all gone is not reported as lost

    async def _fly(self, key: str, render: Render[T]) -> Rendered[T]:
        async with self._admission.turn():
            for tries in range(_MOST_TRIES):
                ticket = self._cache.begin()
                with metrics.RENDER_SECONDS.time():
                    found = await render()
                versions = self._cache.settle(found.versions, ticket)
                if versions is not None:
                    self._cache.observe(versions)
                    made = Rendered(found.page, versions, ticket.epoch)
                    self._keep(key, made)
                    return made
                metrics.RENDERS_OUTDATED.inc()
                await asyncio.sleep(_FIRST_PAUSE_S * 2**tries)
        raise Unavailable(f"{key} moves faster than it can be rendered")
