"""Deletes what nobody needs: files of requests and processes that ended early, of replaced stamps, of half deletions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from services.media.api.metrics import SWEPT
from services.media.api.removal import Removal
from services.media.api.rules import stamp_in
from services.media.objects import STAGING, Objects
from services.media.records import Picture
from services.media.store import LEASE, Store
from shared.errors import Unavailable
from shared.ids import created_ms
from shared.process.process import start_task, stop_task
from shared.times import now

_log = structlog.get_logger(__name__)

# No request takes that long.
STAGED_FOR = timedelta(hours=2)
# Pages with the old addresses are in caches and in readers' browsers.
OLD_STAMPS_FOR = timedelta(days=1)
# A worker may still write variants of a picture that was just deleted.
_SUSPECT_FOR = timedelta(minutes=15)
_DELETION_TAKES = timedelta(minutes=2)
_EVERY_S = 300.0
_ID_DIGITS = 26


class Sweeper:
    """Sweeps once, or again and again. Several at once do no harm: each folder has a lease."""

    def __init__(self, store: Store, objects: Objects, removal: Removal) -> None:
        self._store = store
        self._objects = objects
        self._removal = removal

    async def sweep(self, at: datetime) -> None:
        """Delete everything that is due at that time. Raises Unavailable."""
        await self._objects.sweep()
        await self._staged(at)
        # A commit whose outcome is unknown may still be on its way when its lease ends.
        for folder in await self._store.leases.expired(at - LEASE):
            await self._look_at(folder)
        for folder in await self._store.suspects.before(at - _SUSPECT_FOR):
            await self._look_at(folder)
            await self._store.suspects.clear(folder)
        for picture in await self._store.pictures.deleted(at - _DELETION_TAKES):
            await self._removal.resume(picture, at)
        for picture in await self._store.pictures.with_old_stamps(at - OLD_STAMPS_FOR):
            await self._old_stamps(picture.folder, at - OLD_STAMPS_FOR)

    async def _staged(self, at: datetime) -> None:
        oldest_ms = (at - STAGED_FOR).timestamp() * 1000
        for key in [key async for key in self._objects.keys(STAGING)]:
            begun_ms = created_ms(key.removeprefix(STAGING)[:_ID_DIGITS])
            if begun_ms is None or begun_ms < oldest_ms:
                await self._objects.delete(key)
                SWEPT.inc()

    async def _look_at(self, folder: str) -> None:
        """Delete the files of a folder without a picture."""
        async with self._store.leases.held(folder, lingers=True):
            if await self._store.pictures.in_folder(folder) is None:
                SWEPT.inc(await self._removal.empty(folder))

    async def _old_stamps(self, folder: str, before: datetime) -> None:
        async with self._store.leases.held(folder, lingers=True):
            picture = await self._store.pictures.in_folder(folder)
            if picture is not None:
                await self._delete_stamps(picture, {old.stamp for old in picture.old_stamps if old.at < before})

    async def _delete_stamps(self, picture: Picture, stamps: set[str]) -> None:
        folder = f"{picture.folder}/"
        for key in [key async for key in self._objects.keys(folder)]:
            if stamp_in(key.removeprefix(folder)) in stamps:
                await self._objects.delete(key)
                SWEPT.inc()
        await self._store.pictures.forget_stamps(picture, stamps)


@asynccontextmanager
async def sweeping(sweeper: Sweeper, every_s: float = _EVERY_S) -> AsyncIterator[None]:
    """Sweep at once and then every `every_s`, for the length of a block."""
    task = start_task(_keep_sweeping(sweeper, every_s), "sweeper")
    try:
        yield
    finally:
        await stop_task(task)


async def _keep_sweeping(sweeper: Sweeper, every_s: float) -> None:
    while True:
        try:
            await sweeper.sweep(now())
        except Unavailable as error:
            _log.warning("sweeper.waits", reason=str(error))
        await asyncio.sleep(every_s)
