"""Renders pages before a request: recently read pages that have changed, and new addresses."""

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic

import structlog

from services.rendering import metrics
from services.rendering.gateway.page_builder import PageBuilder, PageOrAbsence
from services.rendering.gateway.single_flight import SingleFlight
from services.rendering.pages.addresses import Address, read_address
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

# A page requested this recently will probably be requested again.
HOT_FOR_S = 2.0
# Fewer than the render slots, so readers' requests always find a slot that these do not hold.
AT_ONCE = 2
# The rest is rendered on request: while an edition is loaded, nobody requests most of its pages.
MOST_QUEUED = 64


class RenderAhead:
    """A bounded queue of addresses to render. It affects when a page is rendered, never what is served."""

    def __init__(
        self,
        single_flight: SingleFlight[PageOrAbsence],
        page_builder: PageBuilder,
        is_enabled: Callable[[], bool],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._single_flight = single_flight
        self._page_builder = page_builder
        self._is_enabled = is_enabled
        self._clock = clock
        self._queue: asyncio.Queue[str] = asyncio.Queue(MOST_QUEUED)
        self._queued: set[str] = set()

    def on_drop(self, key: str, requested_at: float) -> None:
        """Enqueue a page that the cache has dropped as outdated, if a reader requested it recently."""
        if self._clock() - requested_at < HOT_FOR_S:
            self.enqueue(key)

    def enqueue(self, key: str) -> None:
        """Render the page of this key soon, if the queue has room."""
        if key not in self._queued and not self._queue.full() and self._is_enabled():
            self._queued.add(key)
            self._queue.put_nowait(key)

    def enqueue_first(self, key: str) -> None:
        """Render the page of a new or changed story soon, and before other pages."""
        self.enqueue(key)
        if key in self._queued:
            self._single_flight.right_of_way.claim(key)

    async def run(self) -> None:
        """Render until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            self._queued.discard(key)
            address = read_address(key)
            try:
                if isinstance(address, Address):  # error pages and oEmbed cards have cache keys that are no addresses
                    await self._render(address)
            finally:
                self._single_flight.right_of_way.release(key)

    async def _render(self, address: Address) -> None:
        try:
            await self._single_flight.run(address.key, partial(self._page_builder.build, address))
            metrics.RENDERED_AHEAD.inc()
        except Unavailable as error:
            _log.info("page.not_rendered_ahead", reason=str(error))
        except Exception:
            # As for a reader's request: a page that fails must not stop the others.
            _log.exception("page.failed")
