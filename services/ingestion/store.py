"""The only file that knows the collections: articles, their revisions, the slugs they hold, and editors' tokens.

Lists go along `number`, which counts articles, in bounded ranges: the embedded MongoDB engine walks a whole collection for
a sort, a limit or a range of `_id`, but not for a range of an indexed field.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument

from services.ingestion.roles import Action
from services.ingestion.rules import Article, event_of
from services.ingestion.text import fold
from services.ingestion.tokens import Person, TokenEntry
from shared.errors import WorldMonitorError
from shared.events import ArticleState
from shared.http.bearer import hash_token
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
from shared.mongo.expiry import index_by_age
from shared.outbox.store import Outbox

_FIRST_RANGE = 128
_LONGEST_RANGE = 2048
# One request looks for so long; a search that has found less by then gets a cursor to go on with.
_WALK_FOR_S = 4.0
_REPUBLISH_RANGE = 64

_INDEXES = [
    IndexModel([("number", ASCENDING)], unique=True),
    IndexModel([("status", ASCENDING), ("number", ASCENDING)]),
    IndexModel([("working.section", ASCENDING), ("number", ASCENDING)]),
    IndexModel([("tags_folded", ASCENDING), ("number", ASCENDING)]),
]
_REVISION_INDEXES = [IndexModel([("article_id", ASCENDING), ("version", ASCENDING)])]


class Stale(WorldMonitorError):
    """Someone else's change of the article was committed first."""


class SlugTaken(WorldMonitorError):
    """The slug is, or once was, another article's."""


@dataclass(frozen=True)
class Revision:
    """One accepted change: who made it, and the working copy as it was then."""

    version: int
    action: Action
    at: datetime
    by: str
    note: str | None
    content: Mapping[str, object]


@dataclass(frozen=True)
class Change:
    """An accepted change: the article before (None for a new one) and after it."""

    action: Action
    by: str
    before: Article | None
    after: Article
    note: str | None = None

    @property
    def event(self) -> ArticleState | None:
        """What readers' side is told; None when nothing that readers see has changed."""
        event = event_of(self.after)
        return event if event is not None and event.version == self.after.version else None

    @property
    def follows(self) -> int | None:
        """The version of the event before; None where readers knew nothing of the article."""
        event = None if self.before is None else event_of(self.before)
        return None if event is None else event.version


@dataclass(frozen=True)
class Filters:
    """Which articles a list shows; None lets all through."""

    status: str | None = None
    section: str | None = None
    tag: str | None = None
    words: tuple[str, ...] = ()

    def query(self) -> Document:
        """As a MongoDB filter."""
        wanted: Document = {"status": self.status, "working.section": self.section}
        wanted["tags_folded"] = None if self.tag is None else fold(self.tag)
        found = {name: value for name, value in wanted.items() if value is not None}
        if self.words:
            found["$and"] = [{"text_folded": {"$regex": re.escape(fold(word))}} for word in self.words]
        return found


class Articles:
    """The articles, each change of which is one transaction."""

    def __init__(self, mongo: Mongo, database: Database, answers: Answers, outbox: Outbox) -> None:
        self._mongo = mongo
        self._articles: Collection = database["articles"]
        self._revisions: Collection = database["revisions"]
        self._slugs: Collection = database["slugs"]
        self._counters: Collection = database["counters"]
        self._answers = answers
        self._outbox = outbox

    async def prepare(self) -> None:
        """Create what is missing: indexes, and the counter of articles."""
        await ensure_indexes(self._articles, _INDEXES)
        await ensure_indexes(self._revisions, _REVISION_INDEXES)
        async with available("counter of articles"):
            try:
                await self._counters.insert_one({"_id": "articles", "last": 0})
            except DuplicateKeyError:
                return  # it was there

    async def next_number(self) -> int:
        """A number that no other article has, higher than all before. One that comes to nothing leaves a gap."""
        async with available("counter of articles"):
            counter = await self._counters.find_one_and_update(
                {"_id": "articles"}, {"$inc": {"last": 1}}, return_document=ReturnDocument.AFTER
            )
        return int(counter["last"])

    async def find(self, article_id: str) -> Article | None:
        """The article, None where there is none."""
        async with available("article"):
            found = await self._articles.find_one({"_id": article_id})
        return None if found is None else _article(found)

    async def free_slugs(self, slugs: Sequence[str]) -> list[str]:
        """Those of `slugs` that no article holds, in the same order. Another may be faster: `commit` decides."""
        async with available("slugs"):
            taken = {row["_id"] async for row in self._slugs.find({"_id": {"$in": list(slugs)}})}
        return [slug for slug in slugs if slug not in taken]

    async def commit(self, change: Change, made: Claim | None, answer: Answer) -> None:
        """Commit a change whole: article, revision, slugs, the outbox row and the kept answer, in one transaction.

        Raises Stale, SlugTaken, InvalidMessage (an event too large for Kafka), DuplicateKeyError when the claim's first
        answer is there already, and Unavailable, after which the change is *unknown*.
        """
        event = change.event

        async def work(session: Session) -> None:
            await self._answers.keep(session, made, answer)
            await self._put(session, change)
            await self._hold_slugs(session, change)
            await self._revisions.insert_one(_revision(change), session=session)
            if event is not None:
                await self._outbox.add(session, event)

        await self._mongo.transaction(work)
        if event is not None:
            self._outbox.note_committed(event, follows=change.follows)

    async def _put(self, session: Session, change: Change) -> None:
        document = _document(change.after)
        if change.before is None:
            await self._articles.insert_one(document, session=session)
            return
        as_read = {"_id": change.before.id, "version": change.before.version}
        result = await self._articles.replace_one(as_read, document, session=session)
        if not result.matched_count:
            raise Stale

    async def _hold_slugs(self, session: Session, change: Change) -> None:
        held = _slugs_of(change.before) if change.before else frozenset()
        for slug in _slugs_of(change.after) - held:
            try:
                await self._slugs.insert_one({"_id": slug, "article_id": change.after.id}, session=session)
            except DuplicateKeyError as error:
                raise SlugTaken from error
        for slug in held - _slugs_of(change.after):
            await self._slugs.delete_one({"_id": slug, "article_id": change.after.id}, session=session)

    async def page(self, filters: Filters, before: int | None, limit: int) -> tuple[list[Article], int | None]:
        """The next articles below the number `before`, the newest first, and where to go on (None at the end)."""
        top = await self._top() if before is None else before
        span, deadline = _FIRST_RANGE, monotonic() + _WALK_FOR_S
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
        wanted = {"number": {"$gte": low, "$lt": top}, **filters.query()}
        async with available("articles"):
            found = await self._articles.find(wanted).sort("number", -1).limit(limit).to_list(None)
        return [_article(document) for document in found]

    async def revisions(
        self, article_id: str, before: int | None, limit: int, newest: int
    ) -> tuple[list[Revision], int | None]:
        """An article's changes below the version `before`, the newest first, and where to go on (None at the end)."""
        top = newest + 1 if before is None else before
        low = max(1, top - limit)
        wanted = {"article_id": article_id, "version": {"$gte": low, "$lt": top}}
        async with available("revisions"):
            found = await self._revisions.find(wanted).to_list(None)
        found.sort(key=lambda document: -int(document["version"]))
        return [_as_revision(document) for document in found], low if low > 1 else None

    async def count(self) -> int:
        """How many articles have been numbered: about how many there are."""
        return await self._top() - 1

    async def events_after(self, article_id: str | None) -> AsyncIterator[Sequence[ArticleState]]:
        """The newest event of every article that readers were told of, behind `article_id` by number, in chunks."""
        low = 1
        if article_id is not None and (last := await self.find(article_id)) is not None:
            low = last.number + 1
        top = await self._top()
        while low < top:
            found = await self._within(low, min(top, low + _REPUBLISH_RANGE), Filters(), _REPUBLISH_RANGE)
            low += _REPUBLISH_RANGE
            events = [event for article in reversed(found) if (event := event_of(article)) is not None]
            if events:
                yield events

    async def latest_events(self, article_ids: Iterable[str]) -> list[ArticleState]:
        """The newest events of some articles."""
        found = [await self.find(article_id) for article_id in article_ids]
        return [event for article in found if article is not None and (event := event_of(article)) is not None]


class Tokens:
    """Editors' tokens, by their hash. There are few: lists of them may walk the collection."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["tokens"]

    async def add(self, token: str, person: Person, at: datetime, *, from_file: bool = False) -> None:
        """Keep a token's hash; one that is there already stays as it is."""
        kept = {
            "token_id": person.token_id,
            "name": person.name,
            "role": person.role,
            "created_at": at,
            "from_file": from_file,
        }
        async with available("tokens"):
            await self._collection.update_one({"_id": hash_token(token)}, {"$setOnInsert": kept}, upsert=True)

    async def find(self, token: str) -> Person | None:
        """Whose token it is; None when it is unknown or revoked."""
        async with available("tokens"):
            found = await self._collection.find_one({"_id": hash_token(token)})
        return None if found is None or found.get("revoked_at") else _person(found)

    async def list(self) -> list[TokenEntry]:
        """All tokens, the oldest first."""
        async with available("tokens"):
            found = await self._collection.find({}).to_list(None)
        entries = [TokenEntry(_person(row), row["created_at"], row.get("revoked_at")) for row in found]
        return sorted(entries, key=lambda entry: entry.person.token_id)

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """End a token's validity; False when there is no such valid token."""
        async with available("tokens"):
            result = await self._collection.update_one(
                {"token_id": token_id, "revoked_at": None}, {"$set": {"revoked_at": at}}
            )
        return bool(result.modified_count)

    async def keep_one_from_file(self, token: str, at: datetime) -> None:
        """Revoke the tokens that came from the file before: another text in it replaces them."""
        others = {"from_file": True, "_id": {"$ne": hash_token(token)}, "revoked_at": None}
        async with available("tokens"):
            await self._collection.update_many(others, {"$set": {"revoked_at": at}})


class Store:
    """The service's database."""

    def __init__(self, mongo: Mongo, database: str) -> None:
        self.mongo = mongo
        opened = mongo.database(database)
        self.answers = Answers(opened)
        self.outbox = Outbox(opened)
        self.articles = Articles(mongo, opened, self.answers, self.outbox)
        self.tokens = Tokens(opened)

    async def prepare(self) -> None:
        """Create what is missing. Raises Unavailable."""
        await index_by_age(self.answers.collection)
        await self.articles.prepare()


def _slugs_of(article: Article) -> frozenset[str]:
    return article.public_slugs | {article.working.slug}


def _document(article: Article) -> Document:
    fields: dict[str, Any] = article.model_dump()
    working = article.working
    return {
        "_id": fields.pop("id"),
        **fields,
        "tags_folded": [fold(tag) for tag in working.tags],
        "text_folded": fold(f"{working.headline}\n{working.standfirst}"),
    }


def _article(found: Document) -> Article:
    return Article.model_validate({"id": found["_id"], **found})


def _person(found: Document) -> Person:
    return Person(found["token_id"], found["name"], found["role"])


_LEFT_OUT_OF_REVISIONS = {"body_html"}


def _revision(change: Change) -> Document:
    article = change.after
    return {
        "_id": f"{article.id}:{article.version:010d}",
        "article_id": article.id,
        "version": article.version,
        "action": change.action,
        "at": article.updated_at,
        "by": change.by,
        "note": change.note,
        "content": article.working.model_dump(exclude=_LEFT_OUT_OF_REVISIONS),
    }


def _as_revision(found: Document) -> Revision:
    return Revision(found["version"], found["action"], found["at"], found["by"], found["note"], found["content"])
