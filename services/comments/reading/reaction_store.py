"""Votes and reports in MongoDB, one document a visitor and comment.

A visitor is a keyed hash of the day (`access/visitors.py`). Nothing else of the sender is stored, and once the key is destroyed
the hash names nobody.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pymongo import ASCENDING, IndexModel, ReturnDocument

from services.comments.reading.contract import ReportReason, VoteValue
from shared.mongo.collections import (
    Collection,
    Database,
    DuplicateKeyError,
    Session,
    available,
    by_keys,
    ensure_indexes,
)
from shared.mongo.expiry import index_by_age

# A counted vote is kept while its visitor's key exists, so that a second vote changes the first. Later it has no use.
COUNTED_KEPT_FOR = timedelta(days=3)
COUNTED_AGE = "counted_at"
REPORTS_KEPT_FOR = timedelta(days=365)

_IDS_AT_ONCE = 100
_MOST_NOTES = 20

VoteState = Literal["waiting", "counted", "done"]
"""`waiting`: not yet in the comment's counts. `counted`: in them, but the discussion's version was not raised. Then `done`."""


@dataclass(frozen=True)
class StoredVote:
    """A visitor's vote. `counted` is the part of it that the comment's counts have."""

    id: str
    comment: str
    value: int
    counted: int = 0


class VoteStore:
    """The collection `votes`. A vote is one write of one document: votes never conflict, whatever their number."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["votes"]
        self._numbers: Collection = database["vote_numbers"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await index_by_age(self.collection, COUNTED_AGE)
        await ensure_indexes(self.collection, [IndexModel([("state", ASCENDING)])])

    async def cast(self, comment_id: str, visitor: str, value: VoteValue) -> StoredVote:
        """Store a visitor's vote in place of an earlier one; returns it as stored. Durable when it returns."""
        vote_id = f"{comment_id}:{visitor}"
        update = {
            "$set": {"comment": comment_id, "value": value, "state": "waiting"},
            "$unset": {COUNTED_AGE: ""},
            "$setOnInsert": {"counted": 0},
        }
        async with available("vote"):
            try:
                await self.collection.update_one({"_id": vote_id}, update, upsert=True)
            except DuplicateKeyError:
                await self.collection.update_one({"_id": vote_id}, update)  # a request at the same moment was first
            found = await self.collection.find_one({"_id": vote_id})
        return StoredVote(vote_id, comment_id, value, found["counted"] if found else 0)

    async def in_state(self, state: VoteState, most: int) -> list[StoredVote]:
        """At most `most` votes in a state."""
        async with available("votes"):
            found = await self.collection.find({"state": state}).to_list(most)
        return [
            StoredVote(document["_id"], document["comment"], document["value"], document["counted"])
            for document in found
        ]

    async def waiting(self, vote_ids: Iterable[str], session: Session) -> list[StoredVote]:
        """Those of these votes that are not counted yet, inside a transaction."""
        found = await by_keys(self.collection, vote_ids, session=session)
        return [
            StoredVote(document["_id"], document["comment"], document["value"], document["counted"])
            for document in found
            if document["state"] == "waiting"
        ]

    async def note_counted(self, votes: Sequence[StoredVote], at: datetime, session: Session) -> None:
        """Store that the comment's counts have these votes, inside a transaction."""
        for value in {vote.value for vote in votes}:
            counted = {"counted": value, "state": "counted", COUNTED_AGE: at}
            for ids in _steps([vote.id for vote in votes if vote.value == value]):
                await self.collection.update_many({"_id": {"$in": ids}}, {"$set": counted}, session=session)

    async def next_number(self, article_id: str, session: Session) -> int:
        """The number of a discussion's next count, inside its transaction: counts of one discussion are committed in this order."""
        found = await self._numbers.find_one_and_update(
            {"_id": article_id},
            {"$inc": {"number": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return int(found["number"])

    async def note_done(self, vote_ids: Sequence[str]) -> None:
        """Store that readers can see these votes, but not of votes that changed since."""
        async with available("done votes"):
            for ids in _steps(vote_ids):
                counted = {"_id": {"$in": ids}, "state": "counted"}
                await self.collection.update_many(counted, {"$set": {"state": "done"}})


class ReportStore:
    """The collection `reports`."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["reports"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await index_by_age(self.collection)
        await ensure_indexes(self.collection, [IndexModel([("comment", ASCENDING)])])

    async def file(
        self, comment_id: str, visitor: str, reason: ReportReason, note: str, at: datetime, session: Session
    ) -> bool:
        """Store a visitor's report in place of an earlier one, inside a transaction; whether it is the visitor's first."""
        fields = {"comment": comment_id, "reason": reason, "note": note, "at": at}
        update = {"$set": fields, "$setOnInsert": {"closed": False}}
        done = await self.collection.update_one(
            {"_id": f"{comment_id}:{visitor}"}, update, upsert=True, session=session
        )
        return done.upserted_id is not None

    async def close(self, comment_ids: Sequence[str], decision_id: str, session: Session) -> None:
        """A moderator has decided about these comments: their reports count no more. Inside the decision's transaction."""
        opened = {"comment": {"$in": list(comment_ids)}, "closed": False}
        closed = {"$set": {"closed": True, "closed_by": decision_id}}
        await self.collection.update_many(opened, closed, session=session)

    async def reopen(self, comment_ids: Sequence[str], decision_id: str, session: Session) -> None:
        """A decision is undone: the reports that it closed count again. Inside the transaction of the undo."""
        closed = {"comment": {"$in": list(comment_ids)}, "closed_by": decision_id}
        await self.collection.update_many(closed, {"$set": {"closed": False, "closed_by": None}}, session=session)

    async def forget(self, comment_id: str, session: Session) -> None:
        """Delete the reports of a comment, inside a transaction: their notes are about a person."""
        await self.collection.delete_many({"comment": comment_id}, session=session)

    async def reasons(self, comment_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """The number of reports since the last decision, by comment and reason."""
        async with available("reports"):
            opened = {"comment": {"$in": list(comment_ids)}, "closed": False}
            found = await self.collection.find(opened, {"comment": 1, "reason": 1}).to_list(None)
        counts: dict[str, Counter[str]] = {}
        for document in found:
            counts.setdefault(document["comment"], Counter())[document["reason"]] += 1
        return counts

    async def notes(self, comment_id: str) -> list[str]:
        """The newest twenty of readers' notes in the reports of a comment, the oldest of them first."""
        with_note = {"comment": comment_id, "note": {"$ne": ""}}
        async with available("notes of reports"):
            times = {one["_id"]: one["at"] for one in await self.collection.find(with_note, {"at": 1}).to_list(None)}
            newest = sorted(times, key=times.__getitem__)[-_MOST_NOTES:]
            notes = {one["_id"]: one["note"] for one in await by_keys(self.collection, newest, {"note": 1})}
        return [notes[report_id] for report_id in newest if report_id in notes]

    async def count(self) -> int:
        """The estimated number of reports."""
        async with available("count of reports"):
            return int(await self.collection.estimated_document_count())


def _steps(ids: Sequence[str]) -> Iterator[list[str]]:
    """Ids in lists that the embedded engine takes quickly (`by_keys`)."""
    for first in range(0, len(ids), _IDS_AT_ONCE):
        yield list(ids[first : first + _IDS_AT_ONCE])
