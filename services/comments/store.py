"""The only file that knows the collections: comments, their writers' addresses, the articles they belong to, the rules.

Reads go by key or by an index on equality, since the embedded MongoDB engine walks a whole collection for anything else.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.comments.rules import Action, Mode, Placed, Sort, Status
from shared.events import CommentHeld, CommentPublished, CommentRejected, CommentRemoved, CommentState
from shared.http.idempotency import Answers
from shared.ids import made_at
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
from shared.times import now

# One answer is made of an article's whole discussion; past so many published comments the newest are left out, of
# `total` as well. Pages read the read model, not this.
MOST_IN_A_DISCUSSION = 20_000
_REPUBLISH_CHUNK = 500
_DAY = timedelta(days=1)

_EVENTS: dict[Status, type[CommentState]] = {
    "published": CommentPublished,
    "pending": CommentHeld,
    "rejected": CommentRejected,
    "removed": CommentRemoved,
}
_INDEXES = [
    IndexModel([("article_id", ASCENDING), ("status", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("status", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("day", ASCENDING), ("_id", ASCENDING)]),
]
_ADDRESS_INDEXES = [IndexModel([("email", ASCENDING)])]


@dataclass(frozen=True)
class Article:
    """What this service knows of an article. `language` is empty where it was kept before languages were."""

    id: str
    version: int
    url: str
    status: Literal["published", "withdrawn"]
    comments_open: bool
    section: str
    headline: str
    language: str = ""


@dataclass(frozen=True)
class Comment:
    """A comment as it is kept. `root_id` is the top comment of its thread. The e-mail is not here: see Contacts."""

    id: str
    version: int
    article_id: str
    parent_id: str | None
    root_id: str
    name: str
    website: str | None
    body: str
    body_html: str
    status: Status
    created_at: datetime

    def event(self) -> CommentState:
        """The event that tells of its state. What readers may not see any more is not carried."""
        fields = asdict(self)
        if self.status in ("rejected", "removed"):
            fields |= {"name": "", "website": None, "body": "", "body_html": ""}
        return _EVENTS[self.status](**fields)


class Articles:
    """The copy of the articles, kept by `consumers.py`."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["articles"]

    async def find(self, article_id: str) -> Article | None:
        """The article, None when it was never heard of."""
        async with available("article"):
            found = await self._collection.find_one({"_id": article_id})
        return None if found is None else Article(id=found.pop("_id"), **found)

    async def keep(self, article: Article) -> None:
        """Take an article's new state, unless this or a newer one is here already."""
        fields = asdict(article)
        older = {"_id": fields.pop("id"), "version": {"$lt": article.version}}
        async with available("keep article"):
            try:
                await self._collection.replace_one(older, fields, upsert=True)
            except DuplicateKeyError:
                return  # the filter let nothing through: what is here is not older

    async def forget(self, article_id: str) -> None:
        """Forget an article."""
        async with available("forget article"):
            await self._collection.delete_one({"_id": article_id})


class Contacts:
    """Writers' e-mail addresses, one row a comment: the only place where there are any, and they never leave it."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["contacts"]

    async def is_known(self, email: str, session: Session) -> bool:
        """Whether this address has a published comment."""
        return await self.collection.find_one({"email": email, "published": True}, session=session) is not None

    async def add(self, comment: Comment, email: str, session: Session) -> None:
        """Keep the address of a new comment's writer."""
        published = comment.status == "published"
        await self.collection.insert_one({"_id": comment.id, "email": email, "published": published}, session=session)

    async def follow(self, comment: Comment, session: Session) -> None:
        """Note a comment's new status."""
        published = comment.status == "published"
        await self.collection.update_one({"_id": comment.id}, {"$set": {"published": published}}, session=session)

    async def comments_of(self, email: str) -> list[str]:
        """The ids of an address' comments, oldest first."""
        async with available("comments of an address"):
            found = await self.collection.find({"email": email}, {"_id": 1}).to_list(None)
        return sorted(document["_id"] for document in found)

    async def forget(self, comment_id: str, session: Session) -> None:
        """Forget who wrote a comment."""
        await self.collection.delete_one({"_id": comment_id}, session=session)


class Comments:
    """The comments of all articles."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["comments"]
        self._audit: Collection = database["audit"]

    async def find(self, comment_id: str, session: Session | None = None) -> Comment | None:
        """The comment, None where there is none."""
        async with _outside(session, "comment"):
            found = await self._collection.find_one({"_id": comment_id}, session=session)
        return None if found is None else _comment(found)

    async def of_article(self, article_id: str) -> list[Comment]:
        """The comments that readers may see, the oldest MOST_IN_A_DISCUSSION, and those which they may not that these hang on."""
        published = {"article_id": article_id, "status": "published"}
        async with available("comments of an article"):
            oldest = self._collection.find(published).sort("_id", ASCENDING).limit(MOST_IN_A_DISCUSSION)
            found = await oldest.to_list(None)
            known = {document["_id"]: _comment(document) for document in found}
            above = _above(known.values()) - known.keys()
            while above:
                parents = await self._collection.find({"_id": {"$in": list(above)}}).to_list(None)
                places = {document["_id"]: _comment(document) for document in parents}
                known |= places
                above = _above(places.values()) - known.keys()
        return list(known.values())

    async def with_status(self, status: Status, sort: Sort, after: str | None, limit: int) -> list[Comment]:
        """Comments of one status by age, from behind the id `after`."""
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

    async def replace(self, comment: Comment, session: Session) -> None:
        """Put a comment's next version in the place of the one before, inside a transaction."""
        await self._collection.replace_one({"_id": comment.id}, _document(comment), session=session)

    async def note(self, comment: Comment, action: Action | Literal["erase"], by: str, session: Session) -> None:
        """Write down who decided what."""
        await self._audit.insert_one(
            {"_id": f"{comment.id}:{comment.version:06d}", "action": action, "by": by, "at": now()}, session=session
        )

    async def events_after(self, after: str | None) -> AsyncIterator[Sequence[CommentState]]:
        """Every comment's newest event in the order of ids, from behind `after`, in chunks: day by day, along an index."""
        day = await self._first_day() if after is None else _day(after)
        # A day more than there can be, for the clocks of other machines.
        end = now() + _DAY
        while day is not None and day <= end:
            chunk = await self._of_day(day, after or "")
            if chunk:
                after = chunk[-1].id
                yield [comment.event() for comment in chunk]
            else:
                day += _DAY

    async def _of_day(self, day: datetime, after: str) -> list[Comment]:
        wanted = {"day": day, "_id": {"$gt": after}}
        async with available("comments of a day"):
            found = await self._collection.find(wanted).sort("_id", ASCENDING).limit(_REPUBLISH_CHUNK).to_list(None)
        return [_comment(document) for document in found]

    async def _first_day(self) -> datetime | None:
        async with available("first comment"):
            found = await self._collection.find({}, {"_id": 1}).sort("_id", ASCENDING).limit(1).to_list(None)
        return _day(found[0]["_id"]) if found else None

    async def latest_events(self, comment_ids: Iterable[str]) -> list[CommentState]:
        """The newest events of some comments."""
        found = [await self.find(comment_id) for comment_id in comment_ids]
        return [comment.event() for comment in found if comment is not None]

    async def count(self) -> int:
        """How many there are, about."""
        async with available("count of comments"):
            return int(await self._collection.estimated_document_count())


@dataclass(frozen=True)
class Rule:
    """Which comments wait, as a moderator set it; version 0 is what the service was started with."""

    mode: Mode
    version: int


class Rules:
    """What moderators set for the whole site."""

    def __init__(self, database: Database, starts_as: Mode) -> None:
        self._collection: Collection = database["rules"]
        self._starts_as = starts_as

    async def current(self, session: Session | None = None) -> Rule:
        """The rule in force."""
        async with _outside(session, "rules"):
            found = await self._collection.find_one({"_id": "comments"}, session=session)
        return Rule(self._starts_as, 0) if found is None else Rule(found["mode"], found["version"])

    async def put(self, rule: Rule, by: str, session: Session) -> None:
        """Put a rule in force, inside a transaction."""
        document = {"_id": "comments", "mode": rule.mode, "version": rule.version, "by": by, "at": now()}
        await self._collection.replace_one({"_id": "comments"}, document, upsert=True, session=session)


@dataclass(frozen=True)
class Message:
    """A reader's letter to the editors."""

    id: str
    name: str
    email: str
    body: str
    created_at: datetime


class Messages:
    """Readers' letters. They hold an address, and so never leave this database but by the editors' API."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["messages"]

    async def add(self, message: Message, session: Session) -> None:
        """Keep a letter, inside a transaction."""
        fields = asdict(message)
        await self.collection.insert_one({"_id": fields.pop("id"), **fields}, session=session)

    async def newest(self, before: str | None, limit: int) -> list[Message]:
        """Letters by age, the newest first, from behind the id `before`."""
        wanted: Document = {} if before is None else {"_id": {"$lt": before}}
        async with available("messages"):
            found = await self.collection.find(wanted).sort("_id", DESCENDING).limit(limit).to_list(None)
        return [Message(id=document.pop("_id"), **document) for document in found]

    async def of(self, email: str) -> list[Message]:
        """An address' letters, oldest first."""
        async with available("messages of an address"):
            found = await self.collection.find({"email": email}).to_list(None)
        return sorted(
            (Message(id=document.pop("_id"), **document) for document in found), key=lambda message: message.id
        )

    async def erase(self, email: str) -> int:
        """Delete an address' letters; returns how many there were."""
        async with available("erase messages"):
            return int((await self.collection.delete_many({"email": email})).deleted_count)


class Store:
    """The service's database: everything that one transaction may touch together."""

    def __init__(self, mongo: Mongo, *, starts_as: Mode, database: str = "comments") -> None:
        self.mongo = mongo
        self._database = mongo.database(database)
        self.articles = Articles(self._database)
        self.comments = Comments(self._database)
        self.contacts = Contacts(self._database)
        self.messages = Messages(self._database)
        self.rules = Rules(self._database, starts_as)
        self.answers = Answers(self._database)
        self.outbox = Outbox(self._database)

    async def change(self, comment: Comment, action: Action | Literal["erase"], by: str, session: Session) -> None:
        """Put a comment's next version in place, write down who decided it, and tell it, inside a transaction."""
        await self.comments.replace(comment, session)
        await self.contacts.follow(comment, session)
        await self.comments.note(comment, action, by, session)
        await self.outbox.add(session, comment.event())

    async def prepare(self) -> None:
        """Create the indexes that are missing. Raises Unavailable."""
        await ensure_indexes(self._database["comments"], _INDEXES)
        await ensure_indexes(self.contacts.collection, _ADDRESS_INDEXES)
        await ensure_indexes(self.messages.collection, _ADDRESS_INDEXES)
        await index_by_age(self.answers.collection)


def _outside(session: Session | None, what: str) -> AbstractAsyncContextManager[None]:
    """Name MongoDB's errors, except in a transaction, which must see them to know whether to try again."""
    return available(what) if session is None else nullcontext()


def _above(comments: Iterable[Comment]) -> set[str]:
    return {comment.parent_id for comment in comments if comment.parent_id is not None}


def placed(comment: Comment) -> Placed:
    """What laying out threads needs to know of a comment."""
    return Placed(comment.id, comment.parent_id, comment.status)


def moved(comment: Comment, status: Status) -> Comment:
    """The comment's next version, with another status."""
    return replace(comment, status=status, version=comment.version + 1)


def _day(comment_id: str) -> datetime:
    """The midnight before a comment was written: what an index on equality can find it by."""
    return made_at(comment_id).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _document(comment: Comment) -> Document:
    fields = asdict(comment)
    return {"_id": fields.pop("id"), "day": _day(comment.id), **fields}


def _comment(found: Document) -> Comment:
    fields = {name: value for name, value in found.items() if name not in ("_id", "day")}
    return Comment(id=found["_id"], **fields)
