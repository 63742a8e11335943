"""The only file that knows the database `rendering`: one collection, read by key alone.

`_id` is the document's name (names.py), `version` its version, `body` the document as JSON, without the fields that have their
defaults: documents of earlier releases lack newer fields in the same way. Nothing searches in a body, and one string costs an
engine less than hundreds of fields (the embedded engine: a quarter in bulk).
A version only grows, over a deletion and a rebuild too: it is at least the time of the write in milliseconds since 1970.
A deleted document keeps its `_id` and version, without a body: a repeated announcement of it, and a later document of the
same name, must be newer than every page that shows the old one. Version 0 means that the document never existed.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from pymongo import ReplaceOne

from services.rendering.readmodel.documents import Document
from services.rendering.readmodel.names import READ_MODEL
from services.rendering.readmodel.snapshot import LoadedSnapshot
from shared.errors import WorldMonitorError
from shared.mongo.client import Mongo
from shared.mongo.collections import Collection, Session, available, by_keys
from shared.mongo.collections import Document as MongoDocument

DOCUMENTS = "documents"
Result = TypeVar("Result")


class ReadModelReplaced(WorldMonitorError):
    """A rebuilt read model has replaced this one. Writers continue there, in its own consumer group."""


class ReadModel:
    """The documents of one read model. Every method raises Unavailable when MongoDB does not answer.

    Models have numbers; a rebuild makes the next. The replaced model is marked with the number of its successor, and every
    load reads the mark: readers switch to the successor by themselves, writers get ReadModelReplaced.
    """

    def __init__(self, mongo: Mongo, database: str = "rendering", number: int = 1) -> None:
        self.mongo = mongo
        self.database = database
        self.number = number
        self._on_replaced: Callable[[], None] = lambda: None

    def when_replaced(self, callback: Callable[[], None]) -> None:
        """Set a callback for each switch to a successor. Later loads read the successor."""
        self._on_replaced = callback

    async def prepare(self) -> None:
        """Create the collection. Two first transactions that create it would conflict."""
        async with available("read model"):
            await self._documents.update_one({"_id": READ_MODEL}, {"$setOnInsert": {"version": 1}}, upsert=True)

    async def find_newest(self) -> None:
        """Switch to the newest model, which readers are served from."""
        await self.load(LoadedSnapshot(), {})

    async def is_replaced(self) -> bool:
        """Whether another model has replaced this one."""
        return _successor(await self._find(self.number, (), None)) is not None

    async def mark_replaced(self, successor: int) -> None:
        """Mark this model as replaced by the model of that number."""
        async with available("read model"):
            await self._documents.update_one({"_id": READ_MODEL}, {"$set": {"moved_to": successor}})

    async def delete_documents(self) -> None:
        """Delete all documents of a replaced model. The mark stays."""
        async with available("read model"):
            await self._documents.delete_many({"_id": {"$ne": READ_MODEL}})

    @property
    def _documents(self) -> Collection:
        return self._numbered(self.number)

    def _numbered(self, number: int) -> Collection:
        return self.mongo.database(self.database)[DOCUMENTS if number == 1 else f"{DOCUMENTS}_{number}"]

    async def load(
        self, snapshot: LoadedSnapshot, wanted: Mapping[str, type[Document]], session: Session | None = None
    ) -> None:
        """Load documents into a snapshot with one query for each hundred. Those that do not exist become None.

        All documents of a snapshot come from one model. Raises ReadModelReplaced in a transaction on a replaced model.
        """
        number = snapshot.model or self.number
        found = await self._find(number, wanted, session)
        while (successor := _successor(found)) is not None and not snapshot.model:
            if session is not None:
                raise ReadModelReplaced(f"read model {number} was replaced by {successor}")
            self._switch_to(number := successor)
            found = await self._find(number, wanted, session)
        snapshot.model = number
        for name, kind in wanted.items():
            one = found.get(name)
            document = None if one is None or one["body"] is None else kind.model_validate_json(one["body"])
            snapshot.add(name, document, 0 if one is None else int(one["version"]))

    def _switch_to(self, successor: int) -> None:
        # Concurrent loads may read marks of different models: never switch back.
        if successor > self.number:
            self.number = successor
            self._on_replaced()

    async def _find(self, number: int, names: Iterable[str], session: Session | None) -> dict[str, MongoDocument]:
        async with available("read model"):
            found = await by_keys(self._numbered(number), [READ_MODEL, *names], session=session)
        return {one["_id"]: one for one in found}

    async def versions(self, names: Iterable[str], session: Session | None = None) -> dict[str, int]:
        """Versions of documents; 0 for a document that never existed."""
        wanted = list(names)
        if not wanted:
            return {}
        async with available("read model"):
            found = await by_keys(self._documents, wanted, {"version": 1}, session)
        return dict.fromkeys(wanted, 0) | {one["_id"]: int(one["version"]) for one in found}

    async def transaction(self, work: Callable[[Session], Awaitable[Result]]) -> Result:
        """Run `work` in one transaction. Runs it again after a conflict with another projector."""
        return await self.mongo.transaction(work)

    async def write(
        self, snapshot: LoadedSnapshot, changes: Mapping[str, Document | None], moment: datetime, session: Session
    ) -> dict[str, int]:
        """Write changes in the transaction that loaded the snapshot. Returns the new versions."""
        least = int(moment.timestamp() * 1000)
        versions = {name: max(snapshot.versions[name] + 1, least) for name in changes}
        operations = [_operation(name, document, versions[name]) for name, document in changes.items()]
        if operations:
            await self._documents.bulk_write(operations, session=session, ordered=False)
        return versions


def _successor(found: Mapping[str, MongoDocument]) -> int | None:
    mark = found.get(READ_MODEL, {})
    return int(mark["moved_to"]) if "moved_to" in mark else None


def _operation(name: str, document: Document | None, version: int) -> "ReplaceOne[MongoDocument]":
    body = None if document is None else document.model_dump_json(exclude_defaults=True)
    return ReplaceOne({"_id": name}, {"version": version, "body": body}, upsert=True)
