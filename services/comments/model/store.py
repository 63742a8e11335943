"""The service's database: letters, the rule of moderation, and the other stores of `model/`.

Only stores know collections. Reads use a key or an index on equality, as in `comment_store.py`.
"""

from collections.abc import Sequence
from dataclasses import asdict

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.comments.model.article_store import ArticleStore
from services.comments.model.author_store import AuthorStore
from services.comments.model.ban_store import BanStore
from services.comments.model.comment_store import CommentStore, DiscussionStore, available_outside
from services.comments.model.contact_store import ContactStore
from services.comments.model.queue_changes import QueueChanges
from services.comments.model.records import Comment, Message, ModerationRule, rule_from
from services.comments.model.rules import AuditAction, Mode
from shared.http.idempotency import Answers
from shared.mongo.client import Mongo
from shared.mongo.collections import (
    Collection,
    Database,
    Document,
    Session,
    available,
    ensure_indexes,
)
from shared.mongo.expiry import index_by_age
from shared.outbox.store import Outbox
from shared.times import now

# The field by which letters get old.
MESSAGES_AGE = "created_at"
_EMAIL_INDEXES = [IndexModel([("email", ASCENDING)])]
_ANSWER_INDEXES = [IndexModel([("about", ASCENDING)])]


class RuleStore:
    """The rule of moderation, one for the whole site."""

    def __init__(self, database: Database, default: Mode) -> None:
        self._collection: Collection = database["rules"]
        self._default = default

    async def current(self, session: Session | None = None) -> ModerationRule:
        """The rule in force."""
        async with available_outside(session, "rules"):
            found = await self._collection.find_one({"_id": "comments"}, session=session)
        if found is None:
            return ModerationRule(self._default, 0)
        return rule_from({name: value for name, value in found.items() if name not in ("_id", "by", "at")})

    async def put(self, rule: ModerationRule, by: str, session: Session) -> None:
        """Put a rule in force, inside a transaction."""
        document = {"_id": "comments", **asdict(rule), "by": by, "at": now()}
        await self._collection.replace_one({"_id": "comments"}, document, upsert=True, session=session)


class MessageStore:
    """Readers' letters. They hold e-mail addresses, so only the editors' API gives them out."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["messages"]

    async def add(self, message: Message, session: Session) -> None:
        """Store a letter, inside a transaction."""
        fields = asdict(message)
        await self.collection.insert_one({"_id": fields.pop("id"), **fields}, session=session)

    async def newest(self, before: str | None, limit: int) -> list[Message]:
        """Letters with an id below `before`, newest first."""
        wanted: Document = {} if before is None else {"_id": {"$lt": before}}
        async with available("messages"):
            found = await self.collection.find(wanted).sort("_id", DESCENDING).limit(limit).to_list(None)
        return [_message(document) for document in found]

    async def count(self) -> int:
        """The estimated number of letters."""
        async with available("count of messages"):
            return int(await self.collection.estimated_document_count())

    async def of(self, email: str) -> list[Message]:
        """An address' letters, oldest first."""
        async with available("messages of an address"):
            found = await self.collection.find({"email": email}).to_list(None)
        return sorted((_message(document) for document in found), key=lambda message: message.id)

    async def erase(self, email: str) -> int:
        """Delete an address' letters; returns their number."""
        async with available("erase messages"):
            return int((await self.collection.delete_many({"email": email})).deleted_count)


class Store:
    """The service's database: all that one transaction may change together."""

    def __init__(self, mongo: Mongo, *, starts_as: Mode, database: str = "comments") -> None:
        self.mongo = mongo
        opened = self.database = mongo.database(database)
        self.articles = ArticleStore(opened)
        self.comments = CommentStore(opened)
        self.discussions = DiscussionStore(opened)
        self.contacts = ContactStore(opened)
        self.authors = AuthorStore(opened)
        self.bans = BanStore(opened)
        self.queues = QueueChanges(opened)
        self.messages = MessageStore(opened)
        self.rules = RuleStore(opened, starts_as)
        self.answers = Answers(opened)
        self.outbox = Outbox(opened)

    async def change(self, comment: Comment, action: AuditAction, by: str, session: Session) -> None:
        """Store a comment's next version, its audit entry and its event, inside a transaction.

        Call `discussions.note` and `queues.note` after the commit.
        """
        await self.change_all([comment], action, by, session)

    async def change_all(self, comments: Sequence[Comment], action: AuditAction, by: str, session: Session) -> None:
        """As `change`, for several comments in as many commands as for one."""
        await self.comments.replace_all(comments, session)
        await self.contacts.follow_all(comments, session)
        await self.comments.note_all(comments, action, by, session)
        await self.outbox.add_all(session, [comment.event() for comment in comments])

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await self.articles.prepare()
        await self.comments.prepare()
        await self.contacts.prepare()
        await self.authors.prepare()
        await self.bans.prepare()
        await self.queues.prepare()
        await ensure_indexes(self.messages.collection, _EMAIL_INDEXES)
        await index_by_age(self.messages.collection, MESSAGES_AGE)
        await index_by_age(self.answers.collection)
        await ensure_indexes(self.answers.collection, _ANSWER_INDEXES)


def _message(found: Document) -> Message:
    return Message(id=found.pop("_id"), **found)
