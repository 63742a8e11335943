"""Renders pages before they are asked for: those that readers were just reading when they moved, and new addresses."""

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic

import structlog

from services.rendering import metrics
from services.rendering.gateway.page_builder import Found, PageBuilder
from services.rendering.gateway.single_flight import SingleFlight
from services.rendering.pages.addresses import Address, read_address
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

# A page that was asked for so recently will be asked for again.
HOT_FOR_S = 2.0
# Fewer than the press takes at once, so that readers' own pages never wait for these alone.
AT_ONCE = 2
# More than these wait for a reader to ask: while an edition is loaded, most of its pages are asked for by nobody.
MOST_WAITING = 64


class RenderAhead:
    """A bounded queue of addresses in front of the press. It changes when a page is made, never what is served."""

    def __init__(
        self,
        press: SingleFlight[Found],
        maker: PageBuilder,
        is_useful: Callable[[], bool],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._press = press
        self._maker = maker
        self._is_useful = is_useful
        self._clock = clock
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._queued: set[str] = set()

    def note_dropped(self, key: str, asked_at: float) -> None:
        """A cached page has become outdated; `asked_at` is when a reader last got it."""
        if self._clock() - asked_at < HOT_FOR_S:
            self.note_known(key)

    def note_known(self, key: str) -> None:
        """An address has something new to show."""
        if key not in self._queued and not self._waiting.full() and self._is_useful():
            self._queued.add(key)
            self._waiting.put_nowait(key)

    async def run(self) -> None:
        """Render until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self._waiting.get()
            self._queued.discard(key)
            address = read_address(key)
            if isinstance(address, Address):  # not so for what is cached under keys of its own, as pages of errors are
                await self._render(address)

    async def _render(self, address: Address) -> None:
        try:
            await self._press.make(address.key, partial(self._maker.make, address))
            metrics.RENDERED_AHEAD.inc()
        except Unavailable as error:
            _log.info("page.not_rendered_ahead", reason=str(error))
        except Exception:
            # As for a reader's request: one page that cannot be rendered is no reason to end those that can.
            _log.exception("page.failed")
