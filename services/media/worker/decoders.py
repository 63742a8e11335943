"""The decode children of one purpose: a bounded number, started when first needed, each replaced after some jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.media.worker.decoder import DecodeLimits, Decoder
from shared.admission import Admission

# Whatever a decoder leaks, it leaks for so many jobs only.
_JOBS_OF_A_CHILD = 100


class Decoders:
    """A pool of `count` children. `wait_s`: how long a job waits for one."""

    def __init__(self, limits: DecodeLimits, *, count: int, wait_s: float, most_waiting: int) -> None:
        self._limits = limits
        self._admission = Admission("decoder", at_once=count, wait_s=wait_s, most_waiting=most_waiting)
        self.resting: list[Decoder] = []
        """Children without a job."""

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Decoder]:
        """A child for one job. Raises Unavailable when none is free in time, or too many jobs wait."""
        async with self._admission.turn():
            decoder = await self._take()
            try:
                yield decoder
            except BaseException:
                await decoder.end()
                raise
            await self._give_back(decoder)

    async def _take(self) -> Decoder:
        while self.resting:
            decoder = self.resting.pop()
            if decoder.is_alive:
                return decoder
        return await Decoder.start(self._limits)

    async def _give_back(self, decoder: Decoder) -> None:
        if decoder.is_alive and decoder.jobs < _JOBS_OF_A_CHILD:
            self.resting.append(decoder)
        else:
            await decoder.end()

    async def close(self) -> None:
        """End the resting children. Those at work end with their jobs."""
        while self.resting:
            await self.resting.pop().end()
