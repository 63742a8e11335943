"""Scheduled articles in MongoDB, one small document each, beside the articles: whoever looks for due ones reads nothing else.

The documents follow the articles in the same transactions. Bounded ranges on indexed fields, as in `store.py`.
"""

from datetime import UTC, datetime

from pymongo import ASCENDING, IndexModel

from services.ingestion.articles.records import Change
from services.ingestion.articles.schedule_rules import ScheduleEntry
from shared.mongo.collections import Collection, Database, Document, Session, available, ensure_indexes

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_INDEXES = [IndexModel([("due_at", ASCENDING)]), IndexModel([("scheduled_for", ASCENDING)])]


class ScheduleStore:
    """The collection `schedule`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._entries: Collection = database["schedule"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._entries, _INDEXES)

    async def follow(self, session: Session, change: Change) -> None:
        """Write the article's schedule in the transaction of its change. A failed attempt is forgotten: the change may help."""
        after = change.after
        if after.schedule is not None:
            entry = {"scheduled_for": after.schedule.at, "due_at": after.schedule.at, "reason": None}
            await self._entries.replace_one({"_id": after.id}, entry, upsert=True, session=session)
        elif change.before is not None and change.before.schedule is not None:
            await self._entries.delete_one({"_id": after.id}, session=session)

    async def due(self, by: datetime) -> list[ScheduleEntry]:
        """All entries whose next attempt is at this time or before."""
        async with available("due articles"):
            found = await self._entries.find({"due_at": {"$gte": _EARLIEST, "$lte": by}}).to_list(None)
        return [_entry(document) for document in found]

    async def postpone(self, entry: ScheduleEntry, due_at: datetime, reason: str) -> None:
        """Note why an attempt failed and when to try again, unless the article was changed since `entry` was read."""
        as_read = {"_id": entry.article_id, "scheduled_for": entry.scheduled_for, "due_at": entry.due_at}
        async with available("postponed article"):
            await self._entries.update_one(as_read, {"$set": {"due_at": due_at, "reason": reason}})

    async def overdue(self, before: datetime) -> list[ScheduleEntry]:
        """Entries that were to be published before this time, the oldest first."""
        async with available("overdue articles"):
            found = await self._entries.find({"scheduled_for": {"$gte": _EARLIEST, "$lt": before}}).to_list(None)
        return sorted((_entry(document) for document in found), key=lambda entry: entry.scheduled_for)

    async def count_overdue(self, before: datetime) -> int:
        """The number of entries that were to be published before this time."""
        async with available("overdue articles"):
            return await self._entries.count_documents({"scheduled_for": {"$gte": _EARLIEST, "$lt": before}})


def _entry(found: Document) -> ScheduleEntry:
    return ScheduleEntry(found["_id"], found["scheduled_for"], found["due_at"], found["reason"])
