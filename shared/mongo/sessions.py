"""Sessions on record, so that a new process can abort the transactions of the one it replaces."""

from collections.abc import Sequence
from datetime import timedelta
from time import time
from typing import Any

import structlog
from bson import Binary
from motor.motor_asyncio import (
    AsyncIOMotorClient,
)
from pymongo.errors import OperationFailure

from shared.mongo.collections import Collection, Document, Session, available
from shared.times import now

_log = structlog.get_logger(__name__)

# An entry is renewed long before it expires.
_SESSION_KNOWN_FOR = timedelta(days=2)
_SESSION_RENEWED_S = 12 * 3600


class Sessions:
    """The sessions in which a process has made transactions, on record for the process that takes its place.

    Few: a driver uses a session again as soon as it is free.
    """

    def __init__(self, client: AsyncIOMotorClient[Document], collection: Collection, process: str) -> None:
        self._client = client
        self._collection = collection
        self._process = process
        self._noted: dict[bytes, float] = {}

    async def note(self, session: Session) -> None:
        """Put a session on record, before its first transaction."""
        identity: Any = session.session_id
        name = identity["id"]
        if time() - self._noted.get(name, 0.0) > _SESSION_RENEWED_S:
            entry = {"process": self._process, "at": now()}
            await self._collection.update_one({"_id": name}, {"$set": entry}, upsert=True)
            self._noted[name] = time()

    async def end_what_was_left(self) -> None:
        """End the sessions on record: the server aborts what is open in them."""
        async with available("sessions that were left"):
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
            # A server that does not let us is a reason to wait for what was left, and none not to start.
            _log.warning("sessions.cannot_end", process=self._process, reason=repr(error))
