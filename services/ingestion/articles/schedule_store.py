"""Scheduled articles in MongoDB, one small document each, beside the articles: whoever looks for due ones reads nothing else.

The documents follow the articles in the same transactions. Bounded ranges on indexed fields, as in `store.py`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from pymongo import ASCENDING, IndexModel

from services.ingestion.articles.records import Change
from services.ingestion.articles.schedule_rules import ScheduleEntry
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    Session,
    available,
    ensure_indexes,
)

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_INDEXES = [IndexModel([("scheduled_for", ASCENDING)])]
_TURN = "turn"


class ScheduleStore:
    """The collections `schedule` and `turns`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._entries: Collection = database["schedule"]
        self._turns: Collection = database["turns"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._entries, _INDEXES)

    async def follow(self, session: Session, changes: Sequence[Change]) -> None:
        """Write the articles' schedules in the transaction of their changes. A failed attempt is forgotten: a change may help."""
        for change in changes:
            if (planned := change.after.schedule) is not None:
                entry = {"scheduled_for": planned.at, "due_at": planned.at, "reason": None}
                await self._entries.replace_one({"_id": change.after.id}, entry, upsert=True, session=session)
        gone = [change.after.id for change in changes if change.ends_schedule]
        if gone:
            await self._entries.delete_many({"_id": {"$in": gone}}, session=session)

    async def planned(self, by: datetime) -> list[ScheduleEntry]:
        """All entries that are to be published at this time or before, also those that wait for a further attempt."""
        async with available("planned articles"):
            found = await self._entries.find({"scheduled_for": {"$gte": _EARLIEST, "$lte": by}}).to_list(None)
        return [_entry(document) for document in found]

    async def postpone(self, entry: ScheduleEntry, due_at: datetime, reason: str) -> None:
        """Note why an attempt failed and when to try again, unless the article was changed since `entry` was read."""
        as_read = {"_id": entry.article_id, "scheduled_for": entry.scheduled_for, "due_at": entry.due_at}
        async with available("postponed article"):
            await self._entries.update_one(as_read, {"$set": {"due_at": due_at, "reason": reason}})

    async def overdue(self, before: datetime) -> list[ScheduleEntry]:
        """Entries that were to be published before this time, the oldest first."""
        found = [entry for entry in await self.planned(before) if entry.scheduled_for < before]
        return sorted(found, key=lambda entry: entry.scheduled_for)

    async def take_turn(self, process: str, at: datetime, until: datetime) -> datetime | None:
        """Take or keep the turn to publish until a time. None: it is ours. Otherwise the time at which the other's turn ends."""
        async with available("turn of schedules"):
            held = await self._turns.find_one({"_id": _TURN})
            if held is not None and held["process"] != process and held["until"] > at:
                return cast(datetime, held["until"])
            wanted = {"process": process, "until": until}
            if held is None:
                return None if await self._create_turn(wanted) else until
            result = await self._turns.update_one(held, {"$set": wanted})
        return None if result.matched_count else until

    async def _create_turn(self, wanted: Document) -> bool:
        try:
            await self._turns.insert_one({"_id": _TURN, **wanted})
        except DuplicateKeyError:
            return False
        return True


def _entry(found: Document) -> ScheduleEntry:
    return ScheduleEntry(found["_id"], found["scheduled_for"], found["due_at"], found["reason"])
