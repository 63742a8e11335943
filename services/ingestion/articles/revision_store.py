"""Revisions in MongoDB. A version without one was an automatic save."""

from collections.abc import Sequence

from pymongo import ASCENDING, IndexModel

from services.ingestion.articles.records import Change, Revision
from services.ingestion.articles.rules import Author
from shared.mongo.collections import Collection, Database, Document, Session, available, ensure_indexes

_LONGEST_RANGE = 2048


class RevisionStore:
    """The collection `revisions`. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._revisions: Collection = database["revisions"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._revisions, [IndexModel([("article_id", ASCENDING), ("version", ASCENDING)])])

    async def follow(self, session: Session, changes: Sequence[Change]) -> None:
        """Add the revisions of changes in their transaction."""
        documents = [_document(change.after.id, revision) for change in changes for revision in change.revisions]
        if documents:
            await self._revisions.insert_many(documents, session=session)

    async def find(self, article_id: str, version: int) -> Revision | None:
        """The revision of this version, or None."""
        async with available("revision"):
            found = await self._revisions.find_one({"_id": _key(article_id, version)})
        return None if found is None else _revision(found)

    async def page(
        self, article_id: str, before: int | None, limit: int, newest: int
    ) -> tuple[list[Revision], int | None]:
        """Revisions below the version `before`, newest first, and the version to continue from (None at the end).

        Automatic saves leave versions without a revision, so ranges of versions grow until the page is full.
        """
        top = newest + 1 if before is None else min(before, newest + 1)
        span = limit + 1
        found: list[Revision] = []
        while top > 1 and len(found) <= limit:
            low = max(1, top - span)
            found += await self._within(article_id, low, top)
            top, span = low, min(span * 2, _LONGEST_RANGE)
        if len(found) <= limit:
            return found, None
        return found[:limit], found[limit - 1].version

    async def _within(self, article_id: str, low: int, top: int) -> list[Revision]:
        wanted = {"article_id": article_id, "version": {"$gte": low, "$lt": top}}
        async with available("revisions"):
            found = await self._revisions.find(wanted).to_list(None)
        return sorted(map(_revision, found), key=lambda revision: -revision.version)


def _key(article_id: str, version: int) -> str:
    return f"{article_id}:{version:010d}"


def _document(article_id: str, revision: Revision) -> Document:
    return {
        "_id": _key(article_id, revision.version),
        "article_id": article_id,
        "version": revision.version,
        "action": revision.action,
        "at": revision.at,
        "by": revision.by.name,
        "by_id": revision.by.id,
        "note": revision.note,
        "content": dict(revision.content),
    }


def _revision(found: Document) -> Revision:
    author = Author(id=found.get("by_id", ""), name=found["by"])
    return Revision(found["version"], found["action"], found["at"], author, found["note"], found["content"])
