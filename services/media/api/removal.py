"""Deletes a picture: shown nowhere, then forgotten by ingestion, then its files, then its document.

The sweeper ends a deletion whose process died.
"""

from collections.abc import Sequence
from datetime import datetime

from services.media.api.contract import PictureUse
from services.media.api.ingestion_client import IngestionClient
from services.media.objects import Objects
from services.media.records import Picture
from services.media.store import Store
from shared.errors import Unavailable


class Removal:
    """Deletes pictures that no article uses."""

    def __init__(self, store: Store, objects: Objects, ingestion: IngestionClient) -> None:
        self._store = store
        self._objects = objects
        self._ingestion = ingestion

    async def remove(self, picture: Picture, at: datetime) -> Sequence[PictureUse]:
        """Delete a picture, unless articles use it: returns these. Raises Unavailable when ingestion does not answer."""
        await self._store.pictures.begin_deletion(picture.id, at)
        return await self.resume(picture, at)

    async def resume(self, picture: Picture, at: datetime) -> Sequence[PictureUse]:
        """The same for a picture whose deletion has begun."""
        try:
            uses = await self._ingestion.forget(picture.id)
        except Unavailable:
            await self._store.pictures.undo_deletion(picture.id, at)
            raise
        if uses:
            await self._store.pictures.undo_deletion(picture.id, at)
            return uses
        await self._store.suspects.add(picture.folder, at)
        async with self._store.leases.held(picture.folder, lingers=True):
            await self.empty(picture.folder)
            await self._store.pictures.end_deletion(picture.id)
        return ()

    async def empty(self, folder: str) -> int:
        """Delete all files of a folder, and return their number; call under its lease."""
        keys = [key async for key in self._objects.keys(f"{folder}/")]
        for key in keys:
            await self._objects.delete(key)
        return len(keys)
