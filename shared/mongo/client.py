"""The MongoDB client.

Only `shared/mongo` imports motor, which is past its end of life: `pymongo.AsyncMongoClient` shall replace it here.
"""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import TypeVar

import structlog
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReadPreference
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.errors import Conflict, Unavailable
from shared.mongo.collections import (
    WRITE_CONFLICT,
    Database,
    Document,
    Session,
    available,
    without_documents,
)
from shared.mongo.sessions import Sessions

_log = structlog.get_logger(__name__)

Result = TypeVar("Result")

_SELECTION_MS = 3000
_SOCKET_MS = 10_000
TRANSACTION_S = 8.0
# After this wait the client itself may be at fault: let the process end and start with a new one.
_PREPARE_WITHIN_S = 600.0
_PREPARE_AGAIN_S = 0.5
_LOG_EVERY_S = 20.0


class Mongo:
    """A client with majority writes and majority reads from the primary. Every wait has a time-out.

    The driver repeats a write once after a network error, unless the URL says `retryWrites=false`.
    """

    def __init__(self, url: str, *, most_connections: int = 20) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            maxPoolSize=most_connections,
            serverSelectionTimeoutMS=_SELECTION_MS,
            connectTimeoutMS=_SELECTION_MS,
            socketTimeoutMS=_SOCKET_MS,
        )
        self._sessions: Sessions | None = None

    def database(self, name: str) -> Database:
        """A database with these guarantees. Each service has its own."""
        return self._client.get_database(
            name,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern("majority"),
        )

    async def take_over(self, database: str, process: str) -> None:
        """Abort transactions that a killed process with this name left open, and record our own under it.

        Otherwise they stay open for `transactionLifetimeLimitSeconds` (60 by default), and every change of the same documents
        conflicts. Names are per host. Raises Unavailable.
        """
        sessions = Sessions(self._client, self.database(database)["sessions"], f"{process}@{socket.gethostname()}")
        await sessions.end_leftovers()
        self._sessions = sessions

    async def transaction(
        self,
        work: Callable[[Session], Awaitable[Result]],
        *,
        within_s: float = TRANSACTION_S,
        conflicts_s: float | None = None,
    ) -> Result:
        """Run `work` in a transaction and commit it.

        `work` may run several times (write conflicts), so create ids and times outside it. Its exceptions abort the
        transaction and pass through. Raises Conflict when others still write the same documents after `within_s` (0: one
        attempt), or after `conflicts_s` when that is given. Raises Unavailable when MongoDB fails: whether the commit
        happened is then *unknown*, and a retry must carry the same idempotency key.
        """
        began = monotonic()
        tries = 0
        while True:
            try:
                return await self._try_transaction(work)
            except DuplicateKeyError:
                raise
            except PyMongoError as error:
                tries += 1
                limit_s = conflicts_s if conflicts_s is not None and _is_conflict(error) else within_s
                if not error.has_error_label("TransientTransactionError") or monotonic() - began >= limit_s:
                    raise _failure(error) from error
                await asyncio.sleep(random.uniform(0, min(0.005 * 2**tries, 0.5)))

    async def _try_transaction(self, work: Callable[[Session], Awaitable[Result]]) -> Result:
        async with await self._client.start_session() as session:
            if self._sessions is not None:
                await self._sessions.record(session)
            with without_documents():
                async with session.start_transaction():
                    return await work(session)

    async def check(self) -> Mapping[str, object]:
        """Readiness check: raises Unavailable while MongoDB does not answer."""
        await self.ping()
        return {}

    async def ping(self) -> None:
        """Raise Unavailable when the server does not answer."""
        async with available("ping"):
            await self._client.admin.command("ping")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _failure(error: PyMongoError) -> Unavailable:
    return (Conflict if _is_conflict(error) else Unavailable)(f"MongoDB: transaction: {error!r}")


def _is_conflict(error: PyMongoError) -> bool:
    return isinstance(error, OperationFailure) and error.code == WRITE_CONFLICT


async def once_available(prepare: Callable[[], Awaitable[None]], *, clock: Callable[[], float] = monotonic) -> None:
    """Run a store's preparation as soon as MongoDB answers, since services and engines start together.

    Logs every _LOG_EVERY_S. Raises Unavailable after _PREPARE_WITHIN_S.
    """
    began, logged_at = clock(), float("-inf")
    while True:
        try:
            return await prepare()
        except Unavailable as error:
            if clock() - began > _PREPARE_WITHIN_S:
                raise
            if clock() - logged_at >= _LOG_EVERY_S:
                logged_at = clock()
                _log.warning("store.waits", reason=str(error), seconds=round(logged_at - began))
            await asyncio.sleep(_PREPARE_AGAIN_S)
