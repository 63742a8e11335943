"""MongoDB of this room: wishes for mails, replies that wait for one, recipients. Mails are in `mail_store.py`.

Only these two files know the room's collections. Reads use a key or an index on equality, or a bounded range of `due_at`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime

from pymongo import ASCENDING, IndexModel

from services.comments.model.comment_store import available_outside
from services.comments.notifications.records import Asked, Recipient, Subscription, WaitingReply
from shared.mongo.collections import Collection, Database, Document, Session, available, ensure_indexes
from shared.mongo.expiry import index_by_age

_SUBSCRIPTION_FIELDS = frozenset(field.name for field in fields(Subscription)) - {"id"}
_RECIPIENT_FIELDS = frozenset(field.name for field in fields(Recipient)) - {"id"}
# One look takes so many rows of a kind; the next one takes the rest.
_AT_ONCE = 200
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def indexes(*names: str) -> list[IndexModel]:
    """One index for each field."""
    return [IndexModel([(name, ASCENDING)]) for name in names]


def due_by(at: datetime) -> Document:
    """The filter of rows that are due. Both bounds are needed: the embedded engine scans for an open range."""
    return {"due_at": {"$gte": _EARLIEST, "$lte": at}}


class SubscriptionStore:
    """The collection `subscriptions`, by comment. `due_at` is set while the writer of a subscription is not looked at."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["subscriptions"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self.collection, indexes("recipient", "due_at"))
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

    async def due(self, at: datetime) -> list[Subscription]:
        """Subscriptions to look at, oldest first. Raises Unavailable."""
        async with available("due subscriptions"):
            found = await self.collection.find(due_by(at)).to_list(_AT_ONCE)
        return sorted((_subscription(document) for document in found), key=lambda subscription: subscription.id)

    async def settle(self, comment_id: str, writer: str, session: Session, *, confirmed: bool) -> None:
        """Note the writer of a subscription, which needs no further look, inside a transaction."""
        changes = {"$set": {"writer": writer, "confirmed": confirmed}, "$unset": {"due_at": ""}}
        await self.collection.update_one({"_id": comment_id}, changes, session=session)

    async def postpone(self, comment_id: str, due_at: datetime, session: Session) -> None:
        """Look at a subscription again later."""
        await self.collection.update_one({"_id": comment_id}, {"$set": {"due_at": due_at}}, session=session)

    async def confirm(self, recipient: str, writer: str, session: Session) -> None:
        """Confirm all subscriptions of a writer, inside a transaction."""
        of_writer = {"recipient": recipient, "writer": writer}
        await self.collection.update_many(of_writer, {"$set": {"confirmed": True}}, session=session)

    async def forget(self, comment_id: str, session: Session) -> None:
        """Delete a subscription, inside a transaction."""
        await self.collection.delete_one({"_id": comment_id}, session=session)

    async def stop(self, recipient: str, session: Session) -> None:
        """Delete all subscriptions of a recipient, inside a transaction."""
        await self.collection.delete_many({"recipient": recipient}, session=session)


class ReplyStore:
    """The collection `notifications`, by reply. A reply that is in a mail stays, without `due_at`: it gets into no second one."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["notifications"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self.collection, indexes("recipient", "due_at"))
        await index_by_age(self.collection)

    async def add(self, replies: Sequence[WaitingReply], session: Session) -> None:
        """Add those replies that are not known yet, inside a transaction."""
        known = await self._known([reply.id for reply in replies], session)
        new = [_document(reply) | {"mail": "", "due_at": reply.at} for reply in replies if reply.id not in known]
        if new:
            await self.collection.insert_many(new, session=session)

    async def _known(self, reply_ids: Sequence[str], session: Session) -> set[str]:
        found = await self.collection.find({"_id": {"$in": reply_ids}}, {"_id": 1}, session=session).to_list(None)
        return {document["_id"] for document in found}

    async def due_recipients(self, at: datetime) -> list[str]:
        """The recipients with due replies, at most _AT_ONCE. Raises Unavailable."""
        async with available("due replies"):
            found = await self.collection.find(due_by(at), {"recipient": 1}).to_list(_AT_ONCE)
        return list(dict.fromkeys(document["recipient"] for document in found))

    async def waiting(self, recipient: str, session: Session | None = None) -> list[WaitingReply]:
        """The replies that wait for a mail to a recipient, oldest first. Raises Unavailable outside a transaction."""
        async with available_outside(session, "waiting replies"):
            found = await self.collection.find({"recipient": recipient}, session=session).to_list(None)
        waiting = [_reply(document) for document in found if not document["mail"]]
        return sorted(waiting, key=lambda reply: reply.id)

    async def put_into(self, mail_id: str, reply_ids: Sequence[str], session: Session) -> None:
        """Note that replies are in a mail, inside a transaction. Each is in one at most."""
        change = {"$set": {"mail": mail_id}, "$unset": {"due_at": ""}}
        await self.collection.update_many({"_id": {"$in": list(reply_ids)}, "mail": ""}, change, session=session)

    async def postpone(self, reply_ids: Sequence[str], due_at: datetime, session: Session) -> None:
        """Look at replies again later, inside a transaction."""
        of_replies = {"_id": {"$in": list(reply_ids)}, "mail": ""}
        await self.collection.update_many(of_replies, {"$set": {"due_at": due_at}}, session=session)

    async def hasten(self, recipient: str, due_at: datetime, session: Session) -> None:
        """Look at all waiting replies of a recipient, inside a transaction."""
        waiting = {"recipient": recipient, "mail": ""}
        await self.collection.update_many(waiting, {"$set": {"due_at": due_at}}, session=session)

    async def stop(self, recipient: str, session: Session) -> None:
        """Delete the waiting replies of a recipient that unsubscribed, inside a transaction."""
        await self.collection.delete_many({"recipient": recipient, "mail": ""}, session=session)

    async def forget(self, reply_ids: Sequence[str], session: Session) -> None:
        """Delete waiting replies, inside a transaction: if one is published again, it waits again."""
        await self.collection.delete_many({"_id": {"$in": list(reply_ids)}, "mail": ""}, session=session)


class RecipientStore:
    """The collection `recipients`: addresses that were asked to confirm, by `author_of`."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["recipients"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await index_by_age(self.collection)

    async def find(self, recipient: str, session: Session | None = None) -> Recipient | None:
        """The recipient; None for an address that was never asked. Raises Unavailable outside a transaction."""
        async with available_outside(session, "recipient"):
            found = await self.collection.find_one({"_id": recipient}, session=session)
        return None if found is None else _recipient(found)

    async def put(self, recipient: Recipient, session: Session) -> None:
        """Store a recipient, inside a transaction that has read it."""
        await self.collection.replace_one(
            {"_id": recipient.id}, _document(recipient) | {"asked": [asdict(asked) for asked in recipient.asked]},
            upsert=True, session=session,
        )  # fmt: skip


def _document(record: Subscription | WaitingReply | Recipient) -> Document:
    stored = asdict(record)
    return {"_id": stored.pop("id"), **stored}


def _subscription(found: Document) -> Subscription:
    return Subscription(id=found["_id"], **{name: found[name] for name in _SUBSCRIPTION_FIELDS if name in found})


def _reply(found: Document) -> WaitingReply:
    return WaitingReply(found["_id"], found["recipient"], found["parent_id"], found["at"])


def _recipient(found: Document) -> Recipient:
    kept = {name: found[name] for name in _RECIPIENT_FIELDS if name in found}
    asked = tuple(Asked(**asked) for asked in found.get("asked", ()))
    return Recipient(id=found["_id"], **{**kept, "writers": tuple(found.get("writers", ())), "asked": asked})
