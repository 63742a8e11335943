"""Articles in MongoDB: their revisions, their slugs, and the transaction that changes them.

Lists read bounded ranges of `number`, which counts articles: the
embedded MongoDB engine scans a whole collection for a sort, a limit or a range of `_id`, but uses an index for these.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument

from services.ingestion.articles.acts import Origin, acts_of
from services.ingestion.articles.history_store import HistoryStore
from services.ingestion.articles.recent import RecentArticles
from services.ingestion.articles.records import Change, Filters, Revision
from services.ingestion.articles.rules import Article, Author
from services.ingestion.articles.schedule_store import ScheduleStore
from services.ingestion.people.audit import AuditLog
from shared.errors import WorldMonitorError
from shared.events import ArticleState
from shared.http.idempotency import Answer, Answers, Claim
from shared.mongo.client import Mongo
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    Session,
    available,
    ensure_indexes,
)
from shared.outbox.store import Outbox
from shared.text import fold

_FIRST_RANGE = 128
_LONGEST_RANGE = 2048
# Time limit of one list request; a page that is not full by then has a cursor to continue.
_SCAN_TIMEOUT_S = 4.0
_REPUBLISH_RANGE = 64
_SCHEDULE_CHUNK = 200

INDEXES = [
    IndexModel([("number", ASCENDING)], unique=True),
    IndexModel([("status", ASCENDING), ("number", ASCENDING)]),
    IndexModel([("working.section", ASCENDING), ("number", ASCENDING)]),
    IndexModel([("tags_folded", ASCENDING), ("number", ASCENDING)]),
]
_REVISION_INDEXES = [IndexModel([("article_id", ASCENDING), ("version", ASCENDING)])]


class Stale(WorldMonitorError):
    """Another change of the article was committed first."""


class SlugTaken(WorldMonitorError):
    """Another article has, or once had, the slug."""


class ArticleStore:
    """Articles. Each change is one transaction."""

    def __init__(
        self,
        mongo: Mongo,
        database: Database,
        answers: Answers,
        outbox: Outbox,
        audit: AuditLog,
        *,
        keeps_history: bool = True,
    ) -> None:
        self._mongo = mongo
        self._articles: Collection = database["articles"]
        self._revisions: Collection = database["revisions"]
        self._slugs: Collection = database["slugs"]
        self._counters: Collection = database["counters"]
        self.answers = answers
        self.outbox = outbox
        self.audit = audit
        self.schedule = ScheduleStore(database)
        self._recent = RecentArticles()
        self.histories = HistoryStore(database, is_kept=keeps_history)

    async def prepare(self) -> None:
        """Create what is missing: indexes, and the counter of articles."""
        await ensure_indexes(self._articles, INDEXES)
        await ensure_indexes(self._revisions, _REVISION_INDEXES)
        await self.schedule.prepare()
        async with available("counter of articles"):
            try:
                await self._counters.insert_one({"_id": "articles", "last": 0})
            except DuplicateKeyError:
                return  # already there

    async def next_number(self) -> int:
        """A new, higher number. An article that is not committed leaves a gap."""
        async with available("counter of articles"):
            counter = await self._counters.find_one_and_update(
                {"_id": "articles"}, {"$inc": {"last": 1}}, return_document=ReturnDocument.AFTER
            )
        return int(counter["last"])

    async def find(self, article_id: str) -> Article | None:
        """The article, or None."""
        async with available("article"):
            found = await self._articles.find_one({"_id": article_id})
        return None if found is None else _article(found)

    def find_recent(self, article_id: str, has_version: Callable[[int], bool]) -> Article | None:
        """The article as this process saved it a moment ago, if its version passes; None when it must be read."""
        return self._recent.find(article_id, has_version)

    async def version_of(self, article_id: str) -> int | None:
        """The article's version, None when there is no such article; without reading its text."""
        async with available("article"):
            found = await self._articles.find_one({"_id": article_id}, {"version": 1})
        return None if found is None else int(found["version"])

    async def free_slugs(self, slugs: Sequence[str]) -> list[str]:
        """The free ones of `slugs`, in the same order. Another request may take one first: `commit` decides."""
        async with available("slugs"):
            taken = {document["_id"] async for document in self._slugs.find({"_id": {"$in": list(slugs)}})}
        return [slug for slug in slugs if slug not in taken]

    async def commit(self, change: Change, claim: Claim | None, answer: Answer, origin: Origin) -> None:
        """Commit article, revisions, slugs, schedule, history, acts, outbox message and stored answer in one transaction.

        Raises Stale, SlugTaken, InvalidMessage (event too large for Kafka), DuplicateKeyError when the claim already has an
        answer, and Unavailable, after which the outcome is *unknown*.
        """
        event = change.event

        async def work(session: Session) -> None:
            await self.answers.keep(session, claim, answer)
            await self._put(session, change)
            await self._reserve_slugs(session, change)
            for revision in change.revisions:
                await self._revisions.insert_one(_revision(change.after.id, revision), session=session)
            await self.schedule.follow(session, change)
            await self.histories.follow(session, change)
            for act in acts_of(change):
                await self.audit.note(
                    origin, act.action, change.after.id, origin.network, change.after.updated_at, act.details, session
                )
            if event is not None:
                await self.outbox.add(session, event)

        await self._mongo.transaction(work)
        self._recent.put(change.after.model_copy(update={"history": ()}))
        if event is not None:
            self.outbox.note_committed(event, follows=change.previous_event_version)

    async def _put(self, session: Session, change: Change) -> None:
        document = _document(change.after)
        if change.before is None:
            await self._articles.insert_one(document, session=session)
            return
        as_read = {"_id": change.before.id, "version": change.before.version}
        result = await self._articles.replace_one(as_read, document, session=session)
        if not result.matched_count:
            raise Stale

    async def _reserve_slugs(self, session: Session, change: Change) -> None:
        before = _slugs_of(change.before) if change.before else frozenset()
        after = _slugs_of(change.after)
        for slug in after - before:
            try:
                await self._slugs.insert_one({"_id": slug, "article_id": change.after.id}, session=session)
            except DuplicateKeyError as error:
                raise SlugTaken from error
        for slug in before - after:
            await self._slugs.delete_one({"_id": slug, "article_id": change.after.id}, session=session)

    async def scheduled_page(
        self, filters: Filters, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[list[Article], tuple[datetime, str] | None]:
        """Scheduled articles behind (time, id), the next one first, and where to continue (None at the end)."""
        found: list[Article] = []
        while True:
            entries = await self.schedule.following(after, _SCHEDULE_CHUNK)
            articles = await self._those([entry.article_id for entry in entries], filters)
            for entry in entries:
                article = articles.get(entry.article_id)
                if article is not None and article.schedule is not None and len(found) == limit:
                    return found, after
                after = (entry.scheduled_for, entry.article_id)
                if article is not None and article.schedule is not None:
                    found.append(article)
            if len(entries) < _SCHEDULE_CHUNK:
                return found, None

    async def _those(self, article_ids: Sequence[str], filters: Filters) -> dict[str, Article]:
        if not article_ids:
            return {}
        async with available("articles"):
            found = await self._articles.find({"_id": {"$in": list(article_ids)}, **_query(filters)}).to_list(None)
        return {document["_id"]: _article(document) for document in found}

    async def page(self, filters: Filters, before: int | None, limit: int) -> tuple[list[Article], int | None]:
        """Articles below the number `before`, newest first, and the number to continue from (None at the end)."""
        top = await self._top() if before is None else before
        span, deadline = _FIRST_RANGE, monotonic() + _SCAN_TIMEOUT_S
        found: list[Article] = []
        while top > 1 and len(found) <= limit and monotonic() < deadline:
            low = max(1, top - span)
            found += await self._within(low, top, filters, limit + 1 - len(found))
            top, span = low, min(span * 2, _LONGEST_RANGE)
        if len(found) > limit:
            return found[:limit], found[limit - 1].number
        return found, top if top > 1 else None

    async def _top(self) -> int:
        async with available("counter of articles"):
            counter = await self._counters.find_one({"_id": "articles"})
        return 1 if counter is None else int(counter["last"]) + 1

    async def _within(self, low: int, top: int, filters: Filters, limit: int) -> list[Article]:
        wanted = {"number": {"$gte": low, "$lt": top}, **_query(filters)}
        async with available("articles"):
            found = await self._articles.find(wanted).sort("number", -1).limit(limit).to_list(None)
        return [_article(document) for document in found]

    async def revisions(
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
            found += await self._revisions_within(article_id, low, top)
            top, span = low, min(span * 2, _LONGEST_RANGE)
        if len(found) <= limit:
            return found, None
        return found[:limit], found[limit - 1].version

    async def _revisions_within(self, article_id: str, low: int, top: int) -> list[Revision]:
        wanted = {"article_id": article_id, "version": {"$gte": low, "$lt": top}}
        async with available("revisions"):
            found = await self._revisions.find(wanted).to_list(None)
        return sorted(map(_as_revision, found), key=lambda revision: -revision.version)

    async def count(self) -> int:
        """The number of numbered articles, about the number of articles."""
        return await self._top() - 1

    async def events_after(self, article_id: str | None) -> AsyncIterator[Sequence[ArticleState]]:
        """The newest event of every article that was ever public, after `article_id` by number, in chunks."""
        low = 1
        if article_id is not None and (last := await self.find(article_id)) is not None:
            low = last.number + 1
        top = await self._top()
        while low < top:
            found = await self._within(low, min(top, low + _REPUBLISH_RANGE), Filters(), _REPUBLISH_RANGE)
            low += _REPUBLISH_RANGE
            events = await self.histories.events_of(found[::-1])
            if events:
                yield events

    async def latest_events(self, article_ids: Iterable[str]) -> list[ArticleState]:
        """The newest events of these articles."""
        found = [await self.find(article_id) for article_id in article_ids]
        return await self.histories.events_of([article for article in found if article is not None])


def _slugs_of(article: Article) -> frozenset[str]:
    return article.public_slugs | {article.working.slug}


def _query(filters: Filters) -> Document:
    fields: Document = {"status": filters.status, "working.section": filters.section}
    fields["tags_folded"] = None if filters.tag is None else fold(filters.tag)
    wanted = {name: value for name, value in fields.items() if value is not None}
    if filters.words:
        wanted["$and"] = [{"text_folded": {"$regex": re.escape(fold(word))}} for word in filters.words]
    return wanted


def _document(article: Article) -> Document:
    fields: dict[str, Any] = article.model_dump(exclude={"history"})
    working = article.working
    return {
        "_id": fields.pop("id"),
        **fields,
        "tags_folded": [fold(tag) for tag in working.tags],
        "text_folded": fold(f"{working.headline}\n{working.standfirst}"),
    }


def _article(found: Document) -> Article:
    return Article.model_validate({"id": found["_id"], **found})


def _revision(article_id: str, revision: Revision) -> Document:
    return {
        "_id": f"{article_id}:{revision.version:010d}",
        "article_id": article_id,
        "version": revision.version,
        "action": revision.action,
        "at": revision.at,
        "by": revision.by.name,
        "by_id": revision.by.id,
        "note": revision.note,
        "content": dict(revision.content),
    }


def _as_revision(found: Document) -> Revision:
    author = Author(id=found.get("by_id", ""), name=found["by"])
    return Revision(found["version"], found["action"], found["at"], author, found["note"], found["content"])
