"""Deletes old documents, or fields of them, by a field with a time: `at`, unless named otherwise.

We do not use MongoDB's TTL indexes. SecantusDB's TTL sweeper holds a sweep's snapshot until the next sweep, a minute later.
Pages written in between cannot leave its cache; once that is full, the server stops answering (docs/EMBEDDED.md).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from pymongo import ASCENDING, IndexModel

from shared.errors import Unavailable
from shared.mongo.collections import Collection, Document, available, ensure_indexes
from shared.process.process import start_task, stop_task
from shared.times import now

_log = structlog.get_logger(__name__)

_EVERY_S = 3600.0


async def index_by_age(collection: Collection, field: str = "at") -> None:
    """Create an index on the field and drop TTL indexes. Raises Unavailable."""
    async with available(f"indexes of {collection.name}"):
        for name, index in (await collection.index_information()).items():
            if "expireAfterSeconds" in index:
                await collection.drop_index(name)
    await ensure_indexes(collection, [IndexModel([(field, ASCENDING)])])


@asynccontextmanager
async def expiring(
    collection: Collection,
    kept_for: timedelta,
    every_s: float = _EVERY_S,
    field: str = "at",
    instead: Document | None = None,
) -> AsyncIterator[None]:
    """Delete documents older than `kept_for`, at once and then every `every_s`, for the length of a block.

    `instead`: an update that is made instead; it must take the time out of the field. A document without the field stays. A
    `kept_for` of zero deletes nothing.
    """
    if not kept_for:
        yield
        return
    task = start_task(_keep_deleting(collection, kept_for, every_s, field, instead), f"expiry of {collection.name}")
    try:
        yield
    finally:
        await stop_task(task)


async def _keep_deleting(
    collection: Collection, kept_for: timedelta, every_s: float, field: str, instead: Document | None
) -> None:
    while True:
        try:
            async with available(f"expiry of {collection.name}"):
                old = {field: {"$lt": now() - kept_for}}
                await (collection.delete_many(old) if instead is None else collection.update_many(old, instead))
        except Unavailable as error:
            _log.warning("expiry.waits", reason=str(error))
        await asyncio.sleep(every_s)
