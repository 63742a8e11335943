"""The room's background work. The instance with the lease does it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from shared.errors import Unavailable
from shared.mongo.collections import Database
from shared.outbox.lease import Lease
from shared.process.process import start_task, stop_task

_log = structlog.get_logger(__name__)

EVERY_S = 5.0
_LEASE = timedelta(seconds=20)

Turn = Callable[[], Awaitable[None]]
"""One turn of a kind of work. It raises Unavailable, and is harmless when two instances have it at the same moment."""


class Turns:
    """Has each kind of work take its turn every EVERY_S."""

    def __init__(self, database: Database, turns: Sequence[Turn]) -> None:
        self._lease = Lease(database["reading"], _LEASE)
        self._turns = turns

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work for the length of a block."""
        task = start_task(self._run(), "turns of reading")
        try:
            yield
        finally:
            await stop_task(task)
            with suppress(Unavailable):
                await self._lease.release(is_settled=True)

    async def _run(self) -> None:
        while True:
            try:
                for turn in self._turns:
                    # A turn before may have taken long.
                    if self._lease.fence is not None or await self._lease.take():
                        await turn()
                        await self._lease.renew_when_due()
            except Unavailable as error:
                _log.warning("reading.waits", reason=str(error))
            await asyncio.sleep(EVERY_S)
