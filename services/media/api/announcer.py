"""Tells ingestion each new version of a picture, until it has acknowledged it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.media.api.ingestion_client import IngestionClient
from services.media.api.metrics import UNANNOUNCED
from services.media.store import PictureStore
from shared.errors import Unavailable
from shared.process.process import start_task, stop_task

_log = structlog.get_logger(__name__)

# Finds what another process committed and could not announce, and tries again after a failure.
_EVERY_S = 5.0


class Announcer:
    """Announces in the order of changes. Several processes may announce the same version: ingestion drops repetitions."""

    def __init__(self, pictures: PictureStore, ingestion: IngestionClient, every_s: float = _EVERY_S) -> None:
        self._pictures = pictures
        self._ingestion = ingestion
        self._every_s = every_s
        self._wakes = asyncio.Event()

    def wake(self) -> None:
        """Look at once: there is something to announce."""
        self._wakes.set()

    async def announce(self) -> None:
        """Announce all that is waiting. Raises Unavailable."""
        waiting = await self._pictures.unannounced()
        UNANNOUNCED.set(len(waiting))
        for picture in waiting:
            await self._ingestion.announce(picture.record())
            await self._pictures.announced(picture)
            UNANNOUNCED.dec()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Announce for the length of a block."""
        task = start_task(self._keep_announcing(), "announcer")
        try:
            yield
        finally:
            await stop_task(task)

    async def _keep_announcing(self) -> None:
        while True:
            self._wakes.clear()
            try:
                await self.announce()
            except Unavailable as error:
                _log.warning("announcer.waits", reason=str(error))
                await asyncio.sleep(self._every_s)
                continue
            try:
                async with asyncio.timeout(self._every_s):
                    await self._wakes.wait()
            except TimeoutError:
                continue
