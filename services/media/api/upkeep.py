"""Work on all pictures, for commands: unused ones, moving files to another store, variants again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from itertools import islice
from time import monotonic

from services.media.api.ingestion_client import MOST_IDS, IngestionClient
from services.media.api.removal import Removal
from services.media.moving_store import MovingStore
from services.media.objects import NotFound, Objects
from services.media.records import Picture
from services.media.store import PictureStore
from shared.errors import Unavailable

Progress = Callable[[str], None]

_KEYS_AT_ONCE = 500
_POLL_S = 1.0
_SILENCE_LIMIT_S = 300.0


async def unused_pictures(
    pictures: PictureStore, ingestion: IngestionClient, before: datetime
) -> AsyncIterator[Sequence[Picture]]:
    """Pictures that were added before that time and that no article uses, in chunks, oldest first."""
    found = [one for one in await pictures.changed_since(None) if one.deleted_at is None and one.created_at < before]
    for chunk in _chunks(sorted(found, key=lambda one: one.id)):
        uses = await ingestion.uses([one.id for one in chunk])
        yield [one for one in chunk if not uses[one.id]]


def _chunks(pictures: Iterable[Picture]) -> Iterable[Sequence[Picture]]:
    left = iter(pictures)
    while chunk := list(islice(left, MOST_IDS)):
        yield chunk


async def remove_unused(chunk: Sequence[Picture], removal: Removal, at: datetime) -> Sequence[Picture]:
    """Delete these pictures, but for one that an article has taken up meanwhile; returns the deleted ones."""
    return [picture for picture in chunk if not await removal.remove(picture, at)]


async def move_files(store: MovingStore, on_progress: Progress) -> tuple[int, int]:
    """Bring every file to the present store; returns their number and bytes. May be stopped and run again."""
    count = size = 0
    while keys := await _first_keys(store.former):
        for key in keys:
            try:
                size += await store.bring(key)
            except NotFound:
                continue  # deleted meanwhile
            count += 1
        on_progress(f"{count} files moved, {size / 1e6:.1f} MB")
    return count, size


async def _first_keys(store: Objects) -> Sequence[str]:
    """Some keys. Asked for again and again, since lists of a store that shrinks may leave some out."""
    found: list[str] = []
    async with aclosing(store.keys("")) as keys:  # type: ignore[type-var]  # generators, by their protocol iterators
        async for key in keys:
            found.append(key)
            if len(found) == _KEYS_AT_ONCE:
                break
    return found


async def rebuild_variants(pictures: PictureStore, picture_ids: Sequence[str], on_progress: Progress) -> int:
    """Queue the variants of these pictures, or of all without an id, and wait for the workers; returns their number.

    Only missing files are made. Raises Unavailable when no worker makes progress for _SILENCE_LIMIT_S.
    """
    ids = picture_ids or [one.id for one in await pictures.changed_since(None)]
    queued = sum([await pictures.make_again(picture_id) for picture_id in ids])
    reported, changed_at = -1, monotonic()
    while waiting := await pictures.count_waiting():
        if waiting != reported:
            on_progress(f"{waiting} pictures wait")
            reported, changed_at = waiting, monotonic()
        if monotonic() - changed_at > _SILENCE_LIMIT_S:
            raise Unavailable("no media-worker makes progress; check that it runs (the pictures stay queued)")
        await asyncio.sleep(_POLL_S)
    return queued
