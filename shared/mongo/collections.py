"""Types of documents, collections and sessions; MongoDB's errors as ours; indexes and change streams."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from time import monotonic
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import IndexModel
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError

from shared.errors import Unavailable

__all__ = [
    "WRITE_CONFLICT",
    "Collection",
    "Database",
    "Document",
    "DuplicateKeyError",
    "IndexModel",
    "Session",
    "available",
    "by_keys",
    "changes",
    "ensure_indexes",
    "without_documents",
]

_PAUSE_S = 0.05
_KEYS_AT_ONCE = 100
WRITE_CONFLICT = 112
_DUPLICATE_KEY = 11000

# Each service's store turns documents into typed models.
Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]
Database = AsyncIOMotorDatabase[Document]
Session = AsyncIOMotorClientSession


async def by_keys(
    collection: Collection,
    keys: Iterable[str],
    fields: Mapping[str, int] | None = None,
    session: Session | None = None,
) -> list[Document]:
    """The documents with these ids, in no order. Errors are MongoDB's own: see `available`.

    They are read in steps: the time of SecantusDB grows with the square of a list (100 ids take 20 ms, 500 some seconds).
    """
    found: list[Document] = []
    wanted = list(keys)
    for first in range(0, len(wanted), _KEYS_AT_ONCE):
        asked = {"_id": {"$in": wanted[first : first + _KEYS_AT_ONCE]}}
        found += await collection.find(asked, fields, session=session).to_list(None)
    return found


async def ensure_indexes(collection: Collection, indexes: Sequence[IndexModel]) -> None:
    """Create the missing indexes."""
    async with available(f"indexes of {collection.name}"):
        await collection.create_indexes(list(indexes))


@asynccontextmanager
async def available(operation: str, session: Session | None = None) -> AsyncIterator[None]:
    """Turn MongoDB's errors into Unavailable, except DuplicateKeyError. Whether a failed write happened is unknown.

    In a transaction (`session`) errors pass unchanged: `Mongo.transaction` tries again after a conflict.
    """
    try:
        with without_documents():
            yield
    except DuplicateKeyError:
        raise
    except PyMongoError as error:
        if session is not None:
            raise
        raise Unavailable(f"MongoDB: {operation}: {error!r}") from error


@contextmanager
def without_documents() -> Iterator[None]:
    """Turn a failed bulk write into the error of its first failed document: DuplicateKeyError or OperationFailure.

    The driver's own error holds whole documents, so it would bring personal data into logs.
    """
    try:
        yield
    except BulkWriteError as error:
        details = error.details or {}
        failed: Mapping[str, Any] = next(
            iter([*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())]), {}
        )
        code, labels = failed.get("code"), list(details.get("errorLabels", ()))
        if code == WRITE_CONFLICT:
            labels.append("TransientTransactionError")
        kind = DuplicateKeyError if code == _DUPLICATE_KEY else OperationFailure
        raise kind(str(failed.get("errmsg", "bulk write")), code, {"errorLabels": labels}) from None


async def changes(collection: Collection, *, wait_ms: int = 1000) -> AsyncGenerator[Mapping[str, object] | None, None]:
    """Inserts into a collection as they are committed; None after each `wait_ms` without one. Inserts may be missed.

    SecantusDB ends the wait of every stream at each write of any collection, with an empty answer. After such an answer we
    pause: otherwise each write anywhere would cost each stream a request.
    """
    pipeline: list[Document] = [{"$match": {"operationType": "insert"}}, {"$project": {"_id": 1}}]
    async with available(f"watch {collection.name}"):
        async with collection.watch(pipeline, max_await_time_ms=wait_ms) as stream:
            while stream.alive:
                asked_at = monotonic()
                change = await stream.try_next()
                if change is None and monotonic() - asked_at < wait_ms / 2000:
                    await asyncio.sleep(_PAUSE_S)
                yield change
