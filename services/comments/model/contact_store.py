"""The private data of comments, such as writers' e-mail addresses, in MongoDB: one document a comment.

Reads use a key or an index on equality, as in `comment_store.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from pymongo import ASCENDING, IndexModel

from services.comments.model.comment_store import available_outside
from services.comments.model.records import Comment, Contact, author_of
from shared.ids import made_at
from shared.mongo.collections import Collection, Database, Document, Session, available, by_keys, ensure_indexes
from shared.mongo.expiry import index_by_age

_INDEXES = [IndexModel([(name, ASCENDING)]) for name in ("author", "writer", "text")]
_FIELDS = frozenset(field.name for field in fields(Contact))


class ContactStore:
    """The collection `contacts`. Its addresses are nowhere else and never leave it. Methods without a session raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["contacts"]

    async def prepare(self) -> None:
        """Create missing indexes, and the fields of contacts from before they had them. Raises Unavailable."""
        await ensure_indexes(self.collection, _INDEXES)
        await index_by_age(self.collection)
        await index_by_age(self.collection, "network_at")
        async with available("fields of contacts"):
            async for found in self.collection.find({"author": None}, {"email": 1}):
                added = {"at": made_at(found["_id"]), "author": author_of(found["email"])}
                await self.collection.update_one({"_id": found["_id"]}, {"$set": added})

    async def add(self, contacts: Sequence[Contact], session: Session) -> None:
        """Add the contacts of new comments, inside a transaction. `at` ends their storage (`expiring`)."""
        await self.collection.insert_many([_document(contact) for contact in contacts], session=session)

    async def find(self, comment_id: str, session: Session | None = None) -> Contact | None:
        """The contact of a comment; None when its storage has ended."""
        async with available_outside(session, "contact"):
            found = await self.collection.find_one({"_id": comment_id}, session=session)
        return None if found is None else _contact(found)

    async def by_ids(self, comment_ids: Iterable[str], session: Session | None = None) -> dict[str, Contact]:
        """The contacts of these comments, by comment."""
        async with available_outside(session, "contacts by id"):
            found = await by_keys(self.collection, comment_ids, session=session)
        return {document["_id"]: _contact(document) for document in found}

    async def is_trusted(self, writer: str, session: Session | None = None) -> bool:
        """Whether a moderator has approved a comment of this writer (`writer_of`), and none has removed it since."""
        approved = {"writer": writer, "approved": True}
        async with available_outside(session, "trusted writer"):
            return await self.collection.find_one(approved, {"_id": 1}, session=session) is not None

    async def trusted(self, writers: Iterable[str]) -> frozenset[str]:
        """The trusted ones of these writers (`is_trusted`)."""
        wanted = list(writers)
        if not wanted:
            return frozenset()
        approved = {"writer": {"$in": wanted}, "approved": True}
        async with available("trusted writers"):
            found = await self.collection.find(approved, {"writer": 1}).to_list(None)
        return frozenset(document["writer"] for document in found)

    async def places_of_texts(self, texts: Iterable[str], since: datetime) -> list[tuple[str, str]]:
        """Each comment with one of these texts (`Contact.text`), written after `since`: the text and its article."""
        async with available("places of texts"):
            found = await self.collection.find(
                {"text": {"$in": list(texts)}}, {"text": 1, "article_id": 1, "at": 1}
            ).to_list(None)
        return [(document["text"], document["article_id"]) for document in found if document["at"] >= since]

    async def change(self, comment_id: str, fields: Mapping[str, object], session: Session) -> None:
        """Set fields of a contact, inside a transaction."""
        await self.collection.update_one({"_id": comment_id}, {"$set": dict(fields)}, session=session)

    async def follow_all(self, comments: Sequence[Comment], session: Session) -> None:
        """Store decisions about comments, inside a transaction: a comment that a moderator leaves published is approved."""
        for approved in (True, False):
            ids = [comment.id for comment in comments if (comment.status == "published") == approved]
            if ids:
                changed = {"$set": {"approved": approved}}
                await self.collection.update_many({"_id": {"$in": ids}}, changed, session=session)

    async def comments_of(self, email: str) -> list[str]:
        """The ids of an address' comments, oldest first."""
        return await self.comments_by(author_of(email))

    async def comments_by(self, author: str) -> list[str]:
        """The ids of an author's comments (`author_of`), oldest first."""
        async with available("comments of an author"):
            found = await self.collection.find({"author": author}, {"_id": 1}).to_list(None)
        return sorted(document["_id"] for document in found)

    async def forget(self, comment_id: str, session: Session) -> None:
        """Delete everything private about a comment."""
        await self.collection.delete_one({"_id": comment_id}, session=session)


def _document(contact: Contact) -> Document:
    stored = asdict(contact)
    return {"_id": stored.pop("id"), **stored}


def _contact(found: Document) -> Contact:
    return Contact(id=found["_id"], **{name: value for name, value in found.items() if name in _FIELDS})
