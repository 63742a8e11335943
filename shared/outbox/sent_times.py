"""When Kafka acknowledged the newest event of each aggregate: for the people who wait to see it travel."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from shared.errors import Unavailable
from shared.mongo.collections import Collection, Database, Document, DuplicateKeyError, available
from shared.process.process import start_task, stop_task

_log = structlog.get_logger(__name__)

# A courtesy: what does not fit while MongoDB is away is forgotten.
_MOST_WAITING = 5_000
_RETRY_S = 1.0
# The relay deletes its rows first: writes of the same moment would only slow it.
_DELAY_S = 0.05


@dataclass(frozen=True)
class SentTime:
    """An event's version, and when Kafka acknowledged it."""

    version: int
    at: datetime


class SentTimes:
    """The collection `sent`. The relay notes times in memory and never waits; a task writes them a moment later.

    Best effort: times noted just before the process ends are lost.
    """

    def __init__(self, database: Database) -> None:
        self._sent: Collection = database["sent"]
        self._waiting: dict[str, SentTime] = {}
        self._noted = asyncio.Event()

    def note(self, rows: Iterable[Document], at: datetime) -> None:
        """Note rows that Kafka has acknowledged."""
        for row in rows:
            aggregate, version = str(row["aggregate"]), int(row["version"])
            known = self._waiting.get(aggregate)
            if known is None and len(self._waiting) >= _MOST_WAITING:
                continue
            if known is None or known.version < version:
                self._waiting[aggregate] = SentTime(version, at)
        self._noted.set()

    async def find(self, aggregate: str) -> SentTime | None:
        """The newest event of an aggregate that was sent, as far as it is known. Raises Unavailable."""
        async with available("sent times"):
            found = await self._sent.find_one({"_id": aggregate})
        return None if found is None else SentTime(int(found["version"]), found["at"])

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write noted times for the length of a block."""
        task = start_task(self._keep_writing(), "sent times")
        try:
            yield
        finally:
            await stop_task(task)

    async def _keep_writing(self) -> None:
        while True:
            await self._noted.wait()
            self._noted.clear()
            await asyncio.sleep(_DELAY_S)
            waiting, self._waiting = self._waiting, {}
            try:
                await self._write(waiting)
            # A duplicate: another process wrote the aggregate at this moment, or the driver repeated a write.
            except (Unavailable, DuplicateKeyError) as error:
                _log.info("sent_times.wait", reason=str(error))
                self._waiting = waiting | self._waiting
                self._noted.set()
                await asyncio.sleep(_RETRY_S)

    async def _write(self, times: Mapping[str, SentTime]) -> None:
        """Write the times of versions that are newer than the stored ones: a repeated send keeps its first time.

        A process that writes the same aggregate at the same moment makes this fail once, and the next attempt sees its time.
        """
        async with available("sent times"):
            stored = {found["_id"]: found["version"] async for found in self._sent.find({"_id": {"$in": list(times)}})}
            new = [
                {"_id": aggregate, "version": sent.version, "at": sent.at}
                for aggregate, sent in times.items()
                if aggregate not in stored
            ]
            if new:
                await self._sent.insert_many(new, ordered=False)
            for aggregate, sent in times.items():
                if stored.get(aggregate, sent.version) < sent.version:
                    older = {"_id": aggregate, "version": {"$lt": sent.version}}
                    await self._sent.update_one(older, {"$set": {"version": sent.version, "at": sent.at}})
