"""Decisions of moderators in MongoDB: what each changed, so that it can be undone. They hold no text and no name of a comment."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.comments.model.comment_store import available_outside
from services.comments.model.days import DAY, day_of, midnight, read_back
from services.comments.moderation.decision_rules import Before, DecidedChange
from shared.mongo.collections import Collection, Database, Document, Session, available, ensure_indexes
from shared.times import now

_INDEXES = [IndexModel([("day", ASCENDING)])]


@dataclass(frozen=True)
class DecisionRecord:
    """A decision about comments, or a change of bans or settings, then with a `detail`. `undoes`, `undone_by`: other decisions."""

    id: str
    action: str
    by: str
    at: datetime
    reason: str = ""
    changes: tuple[DecidedChange, ...] = ()
    undoes: str | None = None
    undone_by: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


class DecisionStore:
    """The collection `decisions`. Methods without a session raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["decisions"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._collection, _INDEXES)

    async def add(self, record: DecisionRecord, session: Session) -> None:
        """Add a decision, inside a transaction."""
        stored = asdict(record)
        document = {"_id": stored.pop("id"), "day": day_of(record.id), **stored}
        await self._collection.insert_one(document, session=session)

    async def find(self, decision_id: str, session: Session | None = None) -> DecisionRecord | None:
        """The decision, or None."""
        async with available_outside(session, "decision"):
            found = await self._collection.find_one({"_id": decision_id}, session=session)
        return None if found is None else _record(found)

    async def mark_undone(self, decision_id: str, undone_by: str, session: Session) -> None:
        """Note which decision has undone this one, inside a transaction."""
        await self._collection.update_one({"_id": decision_id}, {"$set": {"undone_by": undone_by}}, session=session)

    async def newest(self, before: str | None, limit: int) -> list[DecisionRecord]:
        """The newest decisions, those before the id `before`."""
        # One day more, since the clock of another machine may be ahead.
        end = midnight(now()) + 2 * DAY if before is None else day_of(before) + DAY

        async def read(start: datetime, end: datetime) -> list[DecisionRecord]:
            async with available("decisions of days"):
                found = await self._collection.find({"day": {"$gte": start, "$lt": end}}).to_list(None)
            records = (_record(document) for document in found if before is None or document["_id"] < before)
            return sorted(records, key=lambda record: record.id, reverse=True)

        found, _ = await read_back(read, end, limit)
        return found[:limit]


def _record(found: Document) -> DecisionRecord:
    fields = {name: value for name, value in found.items() if name not in ("_id", "day", "changes")}
    changes = tuple(_change(change) for change in found.get("changes", ()))
    return DecisionRecord(id=found["_id"], changes=changes, **fields)


def _change(found: Mapping[str, Any]) -> DecidedChange:
    return DecidedChange(found["id"], Before(**found["before"]), found["after"])
