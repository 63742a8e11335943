"""Records session ids, so that a new process can abort the transactions of the process it replaces."""

from collections.abc import Sequence
from datetime import timedelta
from time import time
from typing import Any

import structlog
from bson import Binary
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import OperationFailure

from shared.mongo.collections import Collection, Document, Session, available
from shared.times import now

_log = structlog.get_logger(__name__)

# Each entry is renewed long before it expires.
_SESSION_KNOWN_FOR = timedelta(days=2)
_SESSION_RENEWED_S = 12 * 3600


class Sessions:
    """The sessions of one process's transactions, stored for its successor.

    There are few: the driver reuses free sessions.
    """

    def __init__(self, client: AsyncIOMotorClient[Document], collection: Collection, process: str) -> None:
        self._client = client
        self._collection = collection
        self._process = process
        self._recorded_at: dict[bytes, float] = {}

    async def record(self, session: Session) -> None:
        """Store a session's id; call before its first transaction."""
        identity: Any = session.session_id
        name = identity["id"]
        if time() - self._recorded_at.get(name, 0.0) > _SESSION_RENEWED_S:
            entry = {"process": self._process, "at": now()}
            await self._collection.update_one({"_id": name}, {"$set": entry}, upsert=True)
            self._recorded_at[name] = time()

    async def end_leftovers(self) -> None:
        """End the sessions of our predecessor; the server then aborts their transactions. Raises Unavailable."""
        async with available("leftover sessions"):
            await self._collection.delete_many({"at": {"$lt": now() - _SESSION_KNOWN_FOR}})
            left = [entry["_id"] async for entry in self._collection.find({"process": self._process}, {"_id": 1})]
            if left:
                await self._end(left)
                await self._collection.delete_many({"_id": {"$in": left}})
        _log.info("sessions.taken_over", process=self._process, ended=len(left))

    async def _end(self, names: Sequence[Binary]) -> None:
        try:
            await self._client.admin.command("killSessions", [{"id": name} for name in names])
        except OperationFailure as error:
            # Without the right to end sessions we still start: their transactions time out.
            _log.warning("sessions.cannot_end", process=self._process, reason=repr(error))
