"""Comments in MongoDB, and the audit of decisions about them.

Reads use a key or an index on equality: the embedded MongoDB engine scans a whole collection for anything else.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime

import structlog
from pymongo import ASCENDING, DESCENDING, IndexModel, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.comments.model.days import DAY, day_of
from services.comments.model.records import (
    MOST_IN_A_DISCUSSION,
    Comment,
    DiscussionVersion,
    IndexEntry,
    comment_from,
    past_votes_from,
)
from services.comments.model.rules import AuditAction, Sort, Status
from shared.errors import Unavailable
from shared.events import CommentState
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    Session,
    available,
    by_keys,
    ensure_indexes,
)
from shared.process.process import start_task, stop_task
from shared.times import now

_log = structlog.get_logger(__name__)

# After more changes than this, an instance reads the whole discussion again.
MOST_REMEMBERED_CHANGES = 100
_REPUBLISH_CHUNK = 500
_NOTE_AGAIN_S = 0.5

_INDEXES = [
    IndexModel([("article_id", ASCENDING), ("status", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("status", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("status", ASCENDING), ("day", ASCENDING)]),
    IndexModel([("day", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("reports", ASCENDING)]),
]


# The fields of an IndexEntry.
_PLACE = {"root_id": 1, "parent_id": 1, "status": 1, "votes": 1, "past_votes": 1}


class CommentStore:
    """The collections `comments` and `audit`. Methods without a session raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["comments"]
        self._audit: Collection = database["audit"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._collection, _INDEXES)

    async def find(self, comment_id: str, session: Session | None = None) -> Comment | None:
        """The comment, or None."""
        async with available_outside(session, "comment"):
            found = await self._collection.find_one({"_id": comment_id}, session=session)
        return None if found is None else _comment(found)

    async def by_ids(self, comment_ids: Iterable[str], session: Session | None = None) -> dict[str, Comment]:
        """These comments, by id."""
        wanted = list(comment_ids)
        if not wanted:
            return {}
        async with available_outside(session, "comments by id"):
            found = await by_keys(self._collection, wanted, session=session)
        return {document["_id"]: _comment(document) for document in found}

    async def published_entries(self, article_id: str) -> list[IndexEntry]:
        """The places of an article's oldest MOST_IN_A_DISCUSSION published comments."""
        published = {"article_id": article_id, "status": "published"}
        async with available("places of an article's comments"):
            oldest = self._collection.find(published, _PLACE).sort("_id", ASCENDING).limit(MOST_IN_A_DISCUSSION)
            return [_entry(document) for document in await oldest.to_list(None)]

    async def entries(self, comment_ids: Iterable[str]) -> list[IndexEntry]:
        """The places of these comments."""
        async with available("places of comments"):
            found = await by_keys(self._collection, comment_ids, _PLACE)
        return [_entry(document) for document in found]

    async def with_status(self, status: Status, sort: Sort, after: str | None, limit: int) -> list[Comment]:
        """Comments of one status by age, after the id `after`."""
        ascending = sort == "oldest"
        wanted: Document = {"status": status}
        if after is not None:
            wanted["_id"] = {"$gt" if ascending else "$lt": after}
        order = ASCENDING if ascending else DESCENDING
        async with available("comments by status"):
            found = await self._collection.find(wanted).sort("_id", order).limit(limit).to_list(None)
        return [_comment(document) for document in found]

    async def add(self, comment: Comment, session: Session) -> None:
        """Add a comment, inside a transaction."""
        await self._collection.insert_one(_document(comment), session=session)

    async def add_all(self, comments: Sequence[Comment], session: Session) -> None:
        """Add comments in one command, inside a transaction."""
        await self._collection.insert_many([_document(comment) for comment in comments], session=session)

    async def replace(self, comment: Comment, session: Session) -> None:
        """Replace a comment by its next version, inside a transaction."""
        await self.replace_all([comment], session)

    async def replace_all(self, comments: Sequence[Comment], session: Session) -> None:
        """Replace comments by their next versions, inside a transaction, in one command."""
        changes = [ReplaceOne({"_id": comment.id}, _document(comment)) for comment in comments]
        await self._collection.bulk_write(changes, session=session)

    async def note_all(self, comments: Sequence[Comment], action: AuditAction, by: str, session: Session) -> None:
        """Write a decision about comments to their audit, inside a transaction."""
        entry = {"action": action, "by": by, "at": now()}
        entries = [{"_id": f"{comment.id}:{comment.version:06d}", **entry} for comment in comments]
        await self._audit.insert_many(entries, session=session)

    async def add_report(self, comment_id: str, session: Session) -> bool:
        """Count a reader's report of a published comment, inside a transaction; whether there is one."""
        published = {"_id": comment_id, "status": "published"}
        done = await self._collection.update_one(published, {"$inc": {"reports": 1}}, session=session)
        return bool(done.matched_count)

    async def events_after(self, after: str | None) -> AsyncIterator[Sequence[CommentState]]:
        """The newest event of every comment with an id above `after`, by id, in chunks. Reads day by day, by an index."""
        day = await self._first_day() if after is None else day_of(after)
        # One day more, since the clock of another machine may be ahead.
        end = now() + DAY
        while day is not None and day <= end:
            chunk = await self._of_day(day, after or "")
            if chunk:
                after = chunk[-1].id
                yield [comment.event() for comment in chunk]
            else:
                day = await self._next_day(day, end)

    async def _next_day(self, empty: datetime, end: datetime) -> datetime | None:
        """The first day with comments after `empty`, None when there is none until `end`.

        An imported archive begins years ago. So the step doubles over days without comments, then a search halves it.
        """
        days = 1
        while not await self._has_comments(empty, empty + days * DAY):
            empty += days * DAY
            if empty > end:
                return None
            days *= 2
        while days > 1:
            half = days // 2
            if await self._has_comments(empty, empty + half * DAY):
                days = half
            else:
                empty, days = empty + half * DAY, days - half
        return empty + DAY

    async def _has_comments(self, after: datetime, until: datetime) -> bool:
        async with available("days with comments"):
            found = await self._collection.find_one({"day": {"$gt": after, "$lte": until}}, {"_id": 1})
        return found is not None

    async def _of_day(self, day: datetime, after: str) -> list[Comment]:
        wanted = {"day": day, "_id": {"$gt": after}}
        async with available("comments of a day"):
            found = await self._collection.find(wanted).sort("_id", ASCENDING).limit(_REPUBLISH_CHUNK).to_list(None)
        return [_comment(document) for document in found]

    async def _first_day(self) -> datetime | None:
        async with available("first comment"):
            found = await self._collection.find({}, {"_id": 1}).sort("_id", ASCENDING).limit(1).to_list(None)
        return day_of(found[0]["_id"]) if found else None

    async def latest_events(self, comment_ids: Iterable[str]) -> list[CommentState]:
        """The newest events of these comments."""
        found = [await self.find(comment_id) for comment_id in comment_ids]
        return [comment.event() for comment in found if comment is not None]

    async def count_waiting(self) -> int:
        """The number of pending comments. The embedded engine needs 0.1 ms for each."""
        async with available("count of waiting comments"):
            return int(await self._collection.count_documents({"status": "pending"}))

    async def count(self) -> int:
        """The estimated number of comments."""
        async with available("count of comments"):
            return int(await self._collection.estimated_document_count())


class DiscussionStore:
    """The collection `discussions`: the version of each article's discussion, and the comments that changed last.

    It is written after a commit, not in it: a document of the article in every transaction would make comments on one article
    conflict.
    """

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["discussions"]
        self._late: dict[tuple[str, str], None] = {}
        self._woken = asyncio.Event()

    async def find(self, article_id: str) -> DiscussionVersion:
        """The discussion's version; 0 for one without changes."""
        async with available("version of a discussion"):
            found = await self._collection.find_one({"_id": article_id})
        if found is None:
            return DiscussionVersion(0, ())
        return DiscussionVersion(found["version"], tuple(found["changed"]), found.get("votes", 0))

    async def note_votes(self, article_id: str, comment_id: str, number: int) -> None:
        """As `note`, after the count of votes `number`. Counts of one discussion are noted in their order. Raises Unavailable."""
        update = {**_changed([comment_id]), "$max": {"votes": number}}
        async with available("version of a discussion"):
            await self._write([UpdateOne({"_id": article_id}, update, upsert=True)])

    async def note(self, article_id: str, *comment_ids: str) -> None:
        """Raise the version after changes that readers can see. Logs a failure and tries again later, in `sending`."""
        await self.note_all((article_id, comment_id) for comment_id in comment_ids)

    async def note_all(self, changed: Iterable[tuple[str, str]]) -> None:
        """As `note`, for changed comments with their articles, in one command."""
        by_article: dict[str, list[str]] = {}
        for article_id, comment_id in changed:
            by_article.setdefault(article_id, []).append(comment_id)
        updates = [UpdateOne({"_id": article_id}, _changed(ids), upsert=True) for article_id, ids in by_article.items()]
        if not updates:
            return
        try:
            async with available("version of a discussion"):
                await self._write(updates)
        except Unavailable as error:
            _log.warning("discussion.version_waits", articles=list(by_article)[:10], reason=str(error))
            self.note_later((article_id, each) for article_id, ids in by_article.items() for each in ids)

    def note_later(self, changed: Iterable[tuple[str, str]]) -> None:
        """As `note_all`, without a wait: for a commit of unknown outcome. A note of what was not stored does no harm."""
        self._late.update(dict.fromkeys(changed))
        self._woken.set()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Write late notes, for the length of a block."""
        task = start_task(self._keep_sending(), "versions of discussions")
        try:
            yield
        finally:
            await stop_task(task)

    async def _keep_sending(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            late, self._late = self._late, {}
            await self.note_all(late)
            if self._late:
                await asyncio.sleep(_NOTE_AGAIN_S)

    async def _write(self, updates: list[UpdateOne]) -> None:
        try:
            await self._collection.bulk_write(updates, ordered=False)
        except BulkWriteError:
            # Another request was the first of a discussion. A version that rises twice names its changes twice.
            await self._collection.bulk_write(updates, ordered=False)


def available_outside(session: Session | None, what: str) -> AbstractAsyncContextManager[None]:
    """MongoDB's errors as Unavailable, except in a transaction, which needs them to decide about a retry."""
    return available(what) if session is None else nullcontext()


def _changed(comment_ids: Sequence[str]) -> Document:
    push = {"$each": list(comment_ids), "$slice": -MOST_REMEMBERED_CHANGES}
    return {"$inc": {"version": len(comment_ids)}, "$push": {"changed": push}}


def _entry(found: Document) -> IndexEntry:
    return IndexEntry(
        found["_id"], found["root_id"], found["parent_id"], found["status"] == "published", past_votes_from(found)
    )


def _document(comment: Comment) -> Document:
    fields = asdict(comment)
    return {"_id": fields.pop("id"), "day": day_of(comment.id), **fields}


def _comment(found: Document) -> Comment:
    fields = {name: value for name, value in found.items() if name not in ("_id", "day")}
    return comment_from({"id": found["_id"], **fields})
