"""MongoDB of this room: `subscriptions`, `notifications` (replies that wait for a mail, or are in one).

The only file that knows these collections. Reads use a key or an index on equality, or a bounded range of `due_at`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Literal

from pymongo import ASCENDING, IndexModel

from services.comments.model.comment_store import available_outside
from services.comments.notifications.records import Subscription, WaitingReply
from shared.mongo.collections import Collection, Database, Document, Session, ensure_indexes
from shared.mongo.expiry import index_by_age

_SUBSCRIPTION_FIELDS = frozenset(field.name for field in fields(Subscription)) - {"id"}


def _indexes(*names: str) -> list[IndexModel]:
    return [IndexModel([(name, ASCENDING)]) for name in names]


class SubscriptionStore:
    """The collection `subscriptions`, by comment. `due_at` is set until the subscription was looked at."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["subscriptions"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self.collection, _indexes("recipient", "due_at"))
        await index_by_age(self.collection)

    async def add(self, subscription: Subscription, session: Session) -> None:
        """Add a subscription, inside a transaction."""
        document = _document(subscription) | {"due_at": subscription.at}
        await self.collection.insert_one(document, session=session)

    async def by_ids(self, comment_ids: Iterable[str], session: Session | None = None) -> dict[str, Subscription]:
        """The subscriptions of these comments, by comment. Raises Unavailable outside a transaction."""
        wanted = {"_id": {"$in": list(comment_ids)}}
        async with available_outside(session, "subscriptions"):
            found = await self.collection.find(wanted, session=session).to_list(None)
        return {document["_id"]: _subscription(document) for document in found}


class ReplyStore:
    """The collection `notifications`, by reply. A reply that is in a mail stays, so that it gets into no second one."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["notifications"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self.collection, _indexes("recipient", "due_at"))
        await index_by_age(self.collection)

    async def add(self, replies: Sequence[WaitingReply], session: Session) -> None:
        """Add those replies that are not known yet, inside a transaction."""
        known = await self._known([reply.id for reply in replies], session)
        new = [_document(reply) | {"state": _WAITING, "due_at": reply.at} for reply in replies if reply.id not in known]
        if new:
            await self.collection.insert_many(new, session=session)

    async def _known(self, reply_ids: Sequence[str], session: Session) -> set[str]:
        found = await self.collection.find({"_id": {"$in": reply_ids}}, {"_id": 1}, session=session).to_list(None)
        return {document["_id"] for document in found}


class NotificationStore:
    """All collections of this room."""

    def __init__(self, database: Database) -> None:
        self.subscriptions = SubscriptionStore(database)
        self.replies = ReplyStore(database)

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await self.subscriptions.prepare()
        await self.replies.prepare()


_WAITING: Literal["waiting"] = "waiting"


def _document(record: Subscription | WaitingReply) -> Document:
    stored = asdict(record)
    return {"_id": stored.pop("id"), **stored}


def _subscription(found: Document) -> Subscription:
    return Subscription(id=found["_id"], **{name: found[name] for name in _SUBSCRIPTION_FIELDS if name in found})
