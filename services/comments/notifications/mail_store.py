"""Mails in MongoDB: their states, the links in them, counts for the limits. See `notification_store.py`."""

import hashlib
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Literal

from pymongo import ReturnDocument

from services.comments.notifications.notification_store import (
    RecipientStore,
    ReplyStore,
    SubscriptionStore,
    due_by,
    indexes,
)
from services.comments.notifications.records import Mail, MailState
from services.comments.notifications.rules import CLAIM_LASTS
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

_FIELDS = frozenset(field.name for field in fields(Mail)) - {"id"}
# Mails of one look. With 20 s for each command of a slow server, a look stays within minutes.
_AT_ONCE = 50

LinkKind = Literal["verify", "unsubscribe"]


class MailStore:
    """The collection `mails`. A mail with `due_at` has work left. Methods without a session raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["mails"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self.collection, indexes("recipient", "due_at"))
        await index_by_age(self.collection)

    async def add(self, mail: Mail, session: Session) -> None:
        """Add a mail that is ready, inside a transaction."""
        stored = asdict(mail)
        await self.collection.insert_one({"_id": stored.pop("id"), **stored}, session=session)

    async def due(self, at: datetime) -> list[Mail]:
        """Mails with work left, oldest first."""
        async with available("due mails"):
            found = await self.collection.find(due_by(at)).to_list(_AT_ONCE)
        return sorted((_mail(document) for document in found), key=lambda mail: mail.id)

    async def claim(self, mail: Mail, claim: str, at: datetime) -> bool:
        """Note, before the text goes to the server, that it may have it from now on. False: another process was the first."""
        ready = {"_id": mail.id, "state": "ready", "attempts": mail.attempts}
        changes = {"state": "sending", "claim": claim, "claimed_at": at, "due_at": at + CLAIM_LASTS}
        async with available("claim of a mail"):
            return bool((await self.collection.update_one(ready, {"$set": changes})).matched_count)

    async def settle(self, mail: Mail, state: MailState, claim: str = "") -> bool:
        """End a mail's work, if it still is as it was read, or has our claim. Whether this call ended it."""
        held = {"_id": mail.id, "state": "sending", "claim": claim or mail.claim}
        untouched = {"_id": mail.id, "state": "ready", "attempts": mail.attempts}
        wanted = held if claim or mail.state == "sending" else untouched
        async with available("end of a mail"):
            done = await self.collection.update_one(wanted, {"$set": {"state": state}, "$unset": {"due_at": ""}})
        return bool(done.matched_count)

    async def postpone(self, mail: Mail, due_at: datetime, claim: str = "", *, counts: bool = True) -> None:
        """Try a mail again later. `claim`: ours, under which the server refused the mail for now. `counts`: as an attempt."""
        held = {"_id": mail.id, "state": "sending", "claim": claim}
        untouched = {"_id": mail.id, "state": "ready", "attempts": mail.attempts}
        changes = {"state": "ready", "due_at": due_at, "attempts": mail.attempts + counts}
        async with available("next attempt of a mail"):
            await self.collection.update_one(held if claim else untouched, {"$set": changes})

    async def drop_ready(self, recipient: str, session: Session) -> None:
        """Drop a recipient's mails that no server may have, inside a transaction."""
        ready = {"recipient": recipient, "state": "ready"}
        await self.collection.update_many(
            ready, {"$set": {"state": "dropped"}, "$unset": {"due_at": ""}}, session=session
        )


@dataclass(frozen=True)
class MailLink:
    """The purpose of a link in a mail. `writer`: whom it confirms."""

    kind: LinkKind
    recipient: str
    writer: str
    at: datetime


class LinkStore:
    """The collection `mail_links`, by the hash of the link's token. Methods raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["mail_links"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self.collection, indexes("recipient"))
        await index_by_age(self.collection)

    async def add(self, token: str, link: MailLink) -> None:
        """Store a link's purpose, before it is in a mail. The database never has the token."""
        async with available("link in a mail"):
            await self.collection.insert_one({"_id": _hash(token), **asdict(link)})

    async def find(self, token: str, kind: LinkKind) -> MailLink | None:
        """The purpose of a link; None for an unknown one, or of another kind."""
        async with available("link in a mail"):
            found = await self.collection.find_one({"_id": _hash(token), "kind": kind})
        return None if found is None else MailLink(**{field.name: found[field.name] for field in fields(MailLink)})


class CountStore:
    """The collection `mail_counts`: mails of a day, in all and by network. Methods raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["mail_counts"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        await index_by_age(self.collection)

    async def of(self, key: str, at: datetime) -> int:
        """The count of a key on the day of `at`."""
        async with available("count of mails"):
            found = await self.collection.find_one({"_id": _count_id(key, at)})
        return 0 if found is None else int(found["count"])

    async def add(self, key: str, at: datetime) -> int:
        """Count one more; returns the count of the day."""
        change = {"$inc": {"count": 1}, "$set": {"at": at}}
        async with available("count of mails"):
            while True:
                try:
                    found = await self.collection.find_one_and_update(
                        {"_id": _count_id(key, at)}, change, upsert=True, return_document=ReturnDocument.AFTER
                    )
                    return int(found["count"])
                except DuplicateKeyError:
                    continue  # another process was the first


class NotificationStore:
    """All collections of this room. `control` has the lease of the process that sends."""

    def __init__(self, database: Database) -> None:
        self.control: Collection = database["mail_control"]
        self.subscriptions = SubscriptionStore(database)
        self.replies = ReplyStore(database)
        self.recipients = RecipientStore(database)
        self.mails = MailStore(database)
        self.links = LinkStore(database)
        self.counts = CountStore(database)

    async def has_due(self, at: datetime) -> bool:
        """Whether anything is due. Raises Unavailable."""
        async with available("due mails"):
            for part in (self.mails.collection, self.subscriptions.collection, self.replies.collection):
                if await part.find_one(due_by(at), {"_id": 1}) is not None:
                    return True
        return False

    async def of(self, recipient: str) -> list[Document]:
        """Everything kept about an address (`author_of`), with the name of its collection. Raises Unavailable."""
        async with available("mails of an address"):
            return [
                {"collection": collection.name, **found}
                for collection, wanted in self._about(recipient)
                for found in await collection.find(wanted).to_list(None)
            ]

    async def erase(self, recipient: str, session: Session) -> int:
        """Delete everything about an address, inside a transaction; returns the number of rows."""
        deleted = 0
        for collection, wanted in self._about(recipient):
            deleted += (await collection.delete_many(wanted, session=session)).deleted_count
        return deleted

    def _about(self, recipient: str) -> list[tuple[Collection, Document]]:
        by_recipient: Document = {"recipient": recipient}
        return [
            (self.subscriptions.collection, by_recipient),
            (self.replies.collection, by_recipient),
            (self.recipients.collection, {"_id": recipient}),
            (self.mails.collection, by_recipient),
            (self.links.collection, by_recipient),
        ]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        for part in (self.subscriptions, self.replies, self.recipients, self.mails, self.links, self.counts):
            await part.prepare()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _count_id(key: str, at: datetime) -> str:
    """A network prefix is personal data: only its hash is stored, for two days."""
    return f"{at:%Y-%m-%d}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _mail(found: Document) -> Mail:
    kept = {name: found[name] for name in _FIELDS if name in found}
    return Mail(id=found["_id"], **{**kept, "comments": tuple(found.get("comments", ()))})
