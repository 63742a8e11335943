"""The audit log: who did what to what, when, from which network. Entries are added; nothing changes or deletes one.

Entries are numbered. A page reads bounded ranges of `number`, as lists of articles do: the embedded MongoDB engine scans a
whole collection for a sort or a limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Protocol

from pymongo import ASCENDING, IndexModel, ReturnDocument

from services.ingestion.people.actor import Via
from shared.ids import created_ms, new_id
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    Session,
    available,
    ensure_indexes,
)

# Small facts about an act; never a secret.
Details = Mapping[str, object]

_FIRST_RANGE = 128
_LONGEST_RANGE = 2048
# Time limit of one page; a page that is not full by then has a cursor to continue.
_SCAN_TIMEOUT_S = 4.0

_INDEXES = [
    IndexModel([("number", ASCENDING)], unique=True),
    IndexModel([("actor.id", ASCENDING), ("number", ASCENDING)]),
    IndexModel([("action", ASCENDING), ("number", ASCENDING)]),
    IndexModel([("object", ASCENDING), ("number", ASCENDING)]),
]


class Doer(Protocol):
    """Who did an act: an `Actor`, or what a stored plan knows of one."""

    @property
    def id(self) -> str:
        """The person's id, or the token's."""
        ...

    @property
    def name(self) -> str:
        """The name at the time of the act."""
        ...

    @property
    def via(self) -> Via:
        """The way of the act."""
        ...


@dataclass(frozen=True)
class Stranger:
    """Somebody who did not prove who they are."""

    id: str = "unknown"
    name: str = "unknown"
    via: Via = "session"


UNKNOWN = Stranger()


@dataclass(frozen=True)
class NewEntry:
    """An act that is to be noted."""

    actor: Doer
    action: str
    object: str
    network: str
    at: datetime
    details: Details


@dataclass(frozen=True)
class AuditEntry:
    """One act. `number` counts up; the log may have gaps."""

    number: int
    id: str
    at: datetime
    actor: Mapping[str, str]
    action: str
    object: str
    network: str
    details: Details


@dataclass(frozen=True)
class AuditFilters:
    """Filters of the log; None lets all through. `actor` is an id or a name. `action` is whole, or the part before its dot."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None


class AuditLog:
    """The collection `audit`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._audit: Collection = database["audit"]
        self._counters: Collection = database["counters"]

    async def prepare(self) -> None:
        """Create missing indexes, and the counter of acts."""
        await ensure_indexes(self._audit, _INDEXES)
        async with available("counter of acts"):
            try:
                await self._counters.insert_one({"_id": "audit", "last": 0})
            except DuplicateKeyError:
                return  # already there

    async def note(
        self,
        actor: Doer,
        action: str,
        object: str,
        network: str,
        at: datetime,
        details: Details,
        session: Session | None = None,
    ) -> None:
        """Store one act, in the transaction of `session` where there is one."""
        await self.add(await self.number([NewEntry(actor, action, object, network, at, details)]), session)

    async def note_once(self, id: str, entry: NewEntry) -> None:
        """Store an act of another service, which names its id; nothing changes when that id is known."""
        numbered = [{**document, "_id": id} for document in await self.number([entry])]
        try:
            await self.add(numbered)
        except DuplicateKeyError:
            return

    async def number(self, entries: Sequence[NewEntry]) -> list[Document]:
        """The documents of some acts, numbered. Numbers that are not added leave gaps."""
        if not entries:
            return []
        first = await self._last_number(len(entries)) - len(entries) + 1
        return [_document(entry, number) for number, entry in enumerate(entries, first)]

    async def add(self, documents: Sequence[Document], session: Session | None = None) -> None:
        """Store numbered acts, in the transaction of `session` where there is one."""
        if documents:
            async with available("audit log", session):
                await self._audit.insert_many(list(documents), session=session)

    async def page(self, filters: AuditFilters, before: int | None, limit: int) -> tuple[list[AuditEntry], int | None]:
        """Entries below the number `before`, newest first, and the number to continue from (None at the end)."""
        top = await self._top() if before is None else before
        span, deadline = _FIRST_RANGE, monotonic() + _SCAN_TIMEOUT_S
        found: list[AuditEntry] = []
        while top > 1 and len(found) <= limit and monotonic() < deadline:
            low = max(1, top - span)
            found += await self._within(low, top, filters)
            top, span = low, min(span * 2, _LONGEST_RANGE)
        if len(found) > limit:
            return found[:limit], found[limit - 1].number
        return found, top if top > 1 else None

    async def _last_number(self, count: int) -> int:
        """The last of `count` new numbers."""
        # Never in the transaction: every two changes would conflict.
        async with available("counter of acts"):
            counter = await self._counters.find_one_and_update(
                {"_id": "audit"}, {"$inc": {"last": count}}, upsert=True, return_document=ReturnDocument.AFTER
            )
        return int(counter["last"])

    async def _top(self) -> int:
        async with available("counter of acts"):
            counter = await self._counters.find_one({"_id": "audit"})
        return 1 if counter is None else int(counter["last"]) + 1

    async def _within(self, low: int, top: int, filters: AuditFilters) -> list[AuditEntry]:
        wanted = {"number": {"$gte": low, "$lt": top}, **_query(filters)}
        async with available("audit log"):
            found = await self._audit.find(wanted).to_list(None)
        return sorted((_entry(document) for document in found), key=lambda entry: -entry.number)


def _document(entry: NewEntry, number: int) -> Document:
    actor = entry.actor
    return {
        "_id": new_id(),
        "number": number,
        "at": entry.at,
        "actor": {"id": actor.id, "name": actor.name, "via": actor.via},
        "action": entry.action,
        "object": entry.object,
        "network": entry.network,
        "details": dict(entry.details),
    }


def _query(filters: AuditFilters) -> Document:
    wanted: Document = {}
    if filters.actor is not None:
        wanted["actor.id" if created_ms(filters.actor) is not None else "actor.name"] = filters.actor
    if filters.action is not None:
        wanted["action"] = filters.action if "." in filters.action else {"$regex": rf"^{filters.action}\."}
    if filters.object is not None:
        wanted["object"] = filters.object
    return wanted


def _entry(found: Document) -> AuditEntry:
    values = {name: found[name] for name in AuditEntry.__dataclass_fields__ if name != "id"}
    return AuditEntry(id=found["_id"], **values)
