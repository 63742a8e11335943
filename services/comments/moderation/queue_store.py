"""Reads for the queues: of `comments` by status and day, by reports, and by key; of `articles` by key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.comments.model.rules import Status
from services.comments.moderation.queue_index import QueueEntry
from shared.mongo.collections import Collection, Database, Document, available, by_keys
from shared.text import fold

_ENTRY = {"status": 1, "spam": 1, "reports": 1}
_TEXT = {"name": 1, "body": 1}
_STORY = {"headline": 1, "url": 1}
# The embedded engine reads a whole collection for a range without an upper end.
_MOST_REPORTS = 1_000_000
_ENTRIES_AT_ONCE = 20_000


@dataclass(frozen=True)
class CommentedArticle:
    """The article of a comment, as its moderators need it."""

    headline: str
    url: str


class QueueStore:
    """Methods raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._comments: Collection = database["comments"]
        self._articles: Collection = database["articles"]

    async def pending(self) -> list[QueueEntry]:
        """All pending comments: 0.5 s for 10,000 on the embedded engine."""
        return await self._entries({"status": "pending"})

    async def reported(self) -> list[QueueEntry]:
        """All comments with reports."""
        return await self._entries({"reports": {"$gte": 1, "$lte": _MOST_REPORTS}})

    async def of_days(self, status: Status, start: datetime, end: datetime) -> list[QueueEntry]:
        """The comments of one status that were written in these days."""
        return await self._entries({"status": status, "day": {"$gte": start, "$lt": end}})

    async def by_ids(self, comment_ids: Iterable[str]) -> list[QueueEntry]:
        """These comments."""
        async with available("entries of queues"):
            return [_entry(document) for document in await by_keys(self._comments, comment_ids, _ENTRY)]

    async def texts(self, comment_ids: Iterable[str]) -> dict[str, str]:
        """The names and texts of these comments, folded for a search."""
        async with available("texts of comments"):
            found = await by_keys(self._comments, comment_ids, _TEXT)
        return _folded(found)

    async def pending_texts(self) -> dict[str, str]:
        """Those of all pending comments: many times faster than by key."""
        async with available("texts of pending comments"):
            found = await self._comments.find({"status": "pending"}, _TEXT, batch_size=_ENTRIES_AT_ONCE).to_list(None)
        return _folded(found)

    async def stories(self, article_ids: Iterable[str]) -> dict[str, CommentedArticle]:
        """These articles, by id."""
        async with available("articles of comments"):
            found = await by_keys(self._articles, article_ids, _STORY)
        return {document["_id"]: CommentedArticle(document["headline"], document["url"]) for document in found}

    async def _entries(self, wanted: Document) -> list[QueueEntry]:
        async with available("entries of queues"):
            found = await self._comments.find(wanted, _ENTRY, batch_size=_ENTRIES_AT_ONCE).to_list(None)
        return [_entry(document) for document in found]


def _entry(found: Document) -> QueueEntry:
    # Older comments have neither field. A counter is never below zero.
    return QueueEntry(found["_id"], found["status"], found.get("spam", False), max(0, found.get("reports", 0)))


def _folded(found: Sequence[Document]) -> dict[str, str]:
    return {document["_id"]: fold(f"{document['name']} {document['body']}") for document in found}
