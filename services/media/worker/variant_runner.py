"""Makes variants of waiting pictures in the background, several pictures at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from services.media.worker.metrics import WAITING
from services.media.worker.queue_store import ClaimedPicture, VariantQueue
from services.media.worker.variant_maker import VariantMaker
from shared.errors import Unavailable
from shared.process.process import start_task, stop_task
from shared.times import Clock

_log = structlog.get_logger(__name__)

# A wake-up shortens the wait. Another worker's picture, and one whose worker died, are found by it.
_REST_S = 1.0
_RELEASE_WITHIN_S = 2.0


class VariantRunner:
    """`at_once` pictures at a time. Of its tasks one looks for work; the others wait for their turn."""

    def __init__(self, queue: VariantQueue, maker: VariantMaker, *, at_once: int, clock: Clock) -> None:
        self._queue = queue
        self._maker = maker
        self._at_once = at_once
        self._clock = clock
        self._turn = asyncio.Lock()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for waiting pictures at once."""
        self._woken.set()

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """Run until the service stops; then give back the pictures in hand."""
        tasks = [start_task(self._work(), f"variants {number}") for number in range(self._at_once)]
        yield
        await asyncio.gather(*map(stop_task, tasks))

    async def _work(self) -> None:
        while True:
            claimed = await self._next()
            try:
                await self._maker.make(claimed)
            except Unavailable as error:
                _log.warning("variants.wait", picture=claimed.id, reason=str(error))
                await self._release(claimed)
                await asyncio.sleep(_REST_S)
            except asyncio.CancelledError:
                await self._release(claimed)
                raise

    async def _next(self) -> ClaimedPicture:
        async with self._turn:
            while True:
                self._woken.clear()
                if claimed := await self._claim():
                    return claimed
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_REST_S):
                        await self._woken.wait()

    async def _claim(self) -> ClaimedPicture | None:
        try:
            claimed = await self._queue.claim(self._clock())
        except Unavailable as error:
            _log.warning("variants.wait", reason=str(error))
            return None
        WAITING.set(self._queue.waiting)
        return claimed

    async def _release(self, claimed: ClaimedPicture) -> None:
        """Let the picture go. Where MongoDB does not answer, the claim ends by itself."""
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_RELEASE_WITHIN_S):
                await self._queue.release(claimed)
