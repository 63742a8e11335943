"""The only file that knows the database `rendering`: one collection, one document a dependency, read by key alone.

`_id` is the dependency's name (names.py), `version` its version, `body` the document as JSON: nothing in it is ever
searched for, and one string costs an engine less than hundreds of fields (the embedded one: a fourth in bulk).
A version only ever grows, also over a deletion or a rebuild, since it is never less than the milliseconds since 1970 at
which it was written. Of a document that is taken away a row stays, with its version and without a body: what is announced
of it once more, and what comes in its place, must be newer than every page that shows it. Version 0 was never there.
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
from shared.mongo.collections import Collection, Session, available
from shared.mongo.collections import Document as Row

DOCUMENTS = "documents"
Result = TypeVar("Result")


class ReadModelReplaced(WorldMonitorError):
    """A rebuilt read model has taken this one's place: whoever writes must go on there, in its own consumer group."""


class ReadModel:
    """The documents of one read model. Everything raises Unavailable when MongoDB does not answer.

    Models are numbered; a rebuild makes the next. The one that it replaces is marked with the number of its successor,
    and the mark is read with whatever is loaded: readers change over by themselves, writers are told by ReadModelReplaced.
    """

    def __init__(self, mongo: Mongo, database: str = "rendering", number: int = 1) -> None:
        self.mongo = mongo
        self.database = database
        self.number = number
        self._followed: Callable[[], None] = lambda: None

    def when_replaced(self, followed: Callable[[], None]) -> None:
        """Have a function called whenever this has gone over to a successor: from then on it is read from there."""
        self._followed = followed

    async def prepare(self) -> None:
        """Make sure that the collection is there: two first transactions would be in each other's way."""
        async with available("read model"):
            await self._documents.update_one({"_id": READ_MODEL}, {"$setOnInsert": {"version": 1}}, upsert=True)

    async def find_newest(self) -> None:
        """Be the model that readers are served from now."""
        await self.load(LoadedSnapshot(), {})

    async def is_replaced(self) -> bool:
        """Whether another model has taken this one's place."""
        return _successor(await self._find(self.number, (), None)) is not None

    async def give_way(self, successor: int) -> None:
        """Mark this model as replaced."""
        async with available("read model"):
            await self._documents.update_one({"_id": READ_MODEL}, {"$set": {"moved_to": successor}})

    async def empty(self) -> None:
        """Delete all documents of a model that has been replaced; the mark stays."""
        async with available("read model"):
            await self._documents.delete_many({"_id": {"$ne": READ_MODEL}})

    @property
    def _documents(self) -> Collection:
        return self._numbered(self.number)

    def _numbered(self, number: int) -> Collection:
        return self.mongo.database(self.database)[DOCUMENTS if number == 1 else f"{DOCUMENTS}_{number}"]

    async def load(
        self, shelf: LoadedSnapshot, wanted: Mapping[str, type[Document]], session: Session | None = None
    ) -> None:
        """Put documents on a shelf, those that do not exist as None; one query whatever their number.

        All that a shelf holds is of one model. Raises ReadModelReplaced in a transaction on a model that was replaced.
        """
        number = shelf.model or self.number
        found = await self._find(number, wanted, session)
        while (successor := _successor(found)) is not None and not shelf.model:
            if session is not None:
                raise ReadModelReplaced(f"read model {number} was replaced by {successor}")
            self._go_over(number := successor)
            found = await self._find(number, wanted, session)
        shelf.model = number
        for name, kind in wanted.items():
            row = found.get(name)
            document = None if row is None or row["body"] is None else kind.model_validate_json(row["body"])
            shelf.add(name, document, 0 if row is None else int(row["version"]))

    def _go_over(self, successor: int) -> None:
        # Of loads that meet the mark at once the first has gone over, perhaps further than where another stands.
        if successor > self.number:
            self.number = successor
            self._followed()

    async def _find(self, number: int, names: Iterable[str], session: Session | None) -> dict[str, Row]:
        query = {"_id": {"$in": [READ_MODEL, *names]}}
        async with available("read model"):
            rows = await self._numbered(number).find(query, session=session).to_list(None)
        return {row["_id"]: row for row in rows}

    async def versions(self, names: Iterable[str], session: Session | None = None) -> dict[str, int]:
        """The versions of documents, 0 for those that never existed."""
        wanted = list(names)
        if not wanted:
            return {}
        async with available("read model"):
            rows = await self._documents.find({"_id": {"$in": wanted}}, {"version": 1}, session=session).to_list(None)
        return dict.fromkeys(wanted, 0) | {row["_id"]: int(row["version"]) for row in rows}

    async def transaction(self, work: Callable[[Session], Awaitable[Result]]) -> Result:
        """Run `work` in one transaction, again whenever another projector has changed what it read or wrote."""
        return await self.mongo.transaction(work)

    async def write(
        self, shelf: LoadedSnapshot, changes: Mapping[str, Document | None], moment: datetime, session: Session
    ) -> dict[str, int]:
        """Write changes to documents of a shelf, in the transaction that loaded them; returns their new versions."""
        least = int(moment.timestamp() * 1000)
        versions = {name: max(shelf.versions[name] + 1, least) for name in changes}
        operations = [_operation(name, document, versions[name]) for name, document in changes.items()]
        if operations:
            await self._documents.bulk_write(operations, session=session, ordered=False)
        return versions


def _successor(found: Mapping[str, Row]) -> int | None:
    mark = found.get(READ_MODEL, {})
    return int(mark["moved_to"]) if "moved_to" in mark else None


def _operation(name: str, document: Document | None, version: int) -> "ReplaceOne[Row]":
    body = None if document is None else document.model_dump_json()
    return ReplaceOne({"_id": name}, {"version": version, "body": body}, upsert=True)
