"""`world-monitor media`: commands over all pictures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from services.media.api import upkeep
from services.media.api.ingestion_client import IngestionClient
from services.media.api.removal import Removal
from services.media.moving_store import MovingStore
from services.media.objects import Objects
from services.media.records import Picture
from services.media.settings import MediaSettings
from services.media.store import Store
from services.media.stores import open_objects
from shared.errors import SettingsError
from shared.mongo.client import Mongo
from shared.process.command_line import AsJson, command_group, print_json, print_progress
from shared.times import now, rfc3339

media = command_group("media", "Pictures: unused ones, their store of files, their variants.")

_Days = Annotated[NonNegativeInt, Parameter(name="--days", help="only pictures that were added longer ago")]


@dataclass(frozen=True)
class _Opened:
    store: Store
    objects: Objects
    ingestion: IngestionClient


@media.command
async def unused(*, days: _Days = 0, as_json: AsJson = False) -> None:
    """List the pictures that no article uses, oldest first."""
    found: list[Picture] = []
    async with _open() as opened:
        async for chunk in upkeep.unused_pictures(opened.store.pictures, opened.ingestion, now() - timedelta(days)):
            found += chunk
    _print(found, as_json=as_json)


@media.command
async def remove_unused(*, days: _Days = 30, as_json: AsJson = False) -> None:
    """Delete the pictures that no article uses; prints them. Look at `unused` first."""
    removed: list[Picture] = []
    async with _open() as opened:
        removal = Removal(opened.store, opened.objects, opened.ingestion)
        async for chunk in upkeep.unused_pictures(opened.store.pictures, opened.ingestion, now() - timedelta(days)):
            removed += await upkeep.remove_unused(chunk, removal, now())
            print_progress(f"{len(removed)} pictures deleted")
    _print(removed, as_json=as_json)


@media.command
async def move_store(*, as_json: AsJson = False) -> None:
    """Move all files from WM_MEDIA_STORE_FORMER to WM_MEDIA_STORE, while the services, which have both, serve them."""
    async with _open() as opened:
        if not isinstance(opened.objects, MovingStore):
            raise SettingsError("WM_MEDIA_STORE_FORMER is not set: restart the services with both stores first")
        count, size = await upkeep.move_files(opened.objects, print_progress)
    if as_json:
        print_json({"files": count, "bytes": size})
    else:
        print(f"moved: {count} files, {size} bytes; WM_MEDIA_STORE_FORMER is no longer needed")


@media.command
async def rebuild_variants(*picture_ids: Annotated[str, Parameter(name="ID")], as_json: AsJson = False) -> None:
    """Have the workers make the missing variants of these pictures, or of all; shows progress until they are there."""
    async with _open() as opened:
        count = await upkeep.rebuild_variants(opened.store.pictures, picture_ids, print_progress)
    if as_json:
        print_json({"pictures": count})
    else:
        print(f"the variants of {count} pictures are complete")


def _print(pictures: list[Picture], *, as_json: bool) -> None:
    if as_json:
        print_json([_facts(picture) for picture in pictures])
        return
    for picture in pictures:
        print(f"{picture.id}  {rfc3339(picture.created_at)}  {picture.size_bytes:>9}  {picture.file_name}")


def _facts(picture: Picture) -> dict[str, object]:
    return {
        "id": picture.id,
        "created_at": rfc3339(picture.created_at),
        "size_bytes": picture.size_bytes,
        "file_name": picture.file_name,
        "sha256": picture.sha256,
    }


@asynccontextmanager
async def _open() -> AsyncIterator[_Opened]:
    settings = MediaSettings.load()
    store = Store(Mongo(settings.mongo), database=settings.media_database)
    objects = open_objects(settings, store.database)
    ingestion = IngestionClient(settings.ingestion_urls)
    try:
        yield _Opened(store, objects, ingestion)
    finally:
        await ingestion.close()
        await objects.close()
        store.mongo.close()
