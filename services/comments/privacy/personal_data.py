"""A person's rights over their data: a copy of everything stored under their e-mail address, and its erasure with a proof."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Protocol

import orjson
from pydantic import TypeAdapter

from services.comments.model.fields import Email
from services.comments.model.records import Comment, Contact, author_of, next_version
from services.comments.model.store import Store
from services.comments.posting.repeat_store import RepeatStore
from services.comments.privacy.erasure_store import ErasureStore, UnprovedErasure
from services.comments.privacy.proof import PageReader, PlaceLooked, until_sent
from services.comments.reading.reaction_store import ReportStore
from shared.mongo.collections import Session
from shared.times import now, rfc3339

Json = dict[str, object]

_email: TypeAdapter[str] = TypeAdapter(Email)
# Hashes mean nothing to a reader, and one of them would let others edit the comment.
_HIDDEN = frozenset({"id", "author", "writer", "browser", "visitor", "edit_hash"})


def plain_json(values: Json) -> Json:
    """The values as JSON has them: times as text."""
    found = orjson.loads(orjson.dumps(values, default=_written, option=orjson.OPT_PASSTHROUGH_DATETIME))
    return dict(found)


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError


def read_address(text: str) -> str:
    """An address in its stored form. Raises pydantic's ValidationError."""
    return _email.validate_python(text)


class PersonalRows(Protocol):
    """A store that has rows of an address, besides comments. Methods raise Unavailable."""

    name: str

    async def of(self, email: str) -> list[Json]:
        """All rows of the address, as JSON values."""
        ...

    async def erase(self, email: str) -> int:
        """Delete the rows; returns their number. A repetition finds none."""
        ...


@dataclass(frozen=True)
class Erasure:
    """The numbers of an erasure by store, and the proof: the findings of a look at each place afterwards."""

    comments: int
    rows: dict[str, int]
    proof: Sequence[PlaceLooked]


class PersonalData:
    """Export and erasure over all stores of the service."""

    def __init__(self, store: Store, rows: Sequence[PersonalRows], pages: PageReader) -> None:
        self._store = store
        self._rows = rows
        self._pages = pages
        self._reports = ReportStore(store.database)
        self._repeats = RepeatStore(store.database)
        self._erasures = ErasureStore(store.database)

    async def export(self, email: str) -> Json:
        """Everything of an address, oldest first, as JSON values. Raises Unavailable."""
        ids = await self._store.contacts.comments_of(email)
        comments, contacts = await self._store.comments.by_ids(ids), await self._store.contacts.by_ids(ids)
        found: Json = {
            "email": email,
            "comments": [_exported(comments[one], contacts[one]) for one in ids if one in comments],
        }
        for kept in self._rows:
            found[kept.name] = await kept.of(email)
        return found

    async def erase(self, email: str, by: str) -> Erasure:
        """Erase an address, the text and names of its comments, and its rows in all stores; then look whether anything is left.

        A comment becomes a placeholder, as after a removal, so that replies of others keep their place. Its event on `comments.v1`
        updates caches, pages and read models. Stored answers lose its text too. Each comment is one transaction: repeat the call
        after an interruption. A repetition proves again what no proof has found gone. Raises Unavailable.
        """
        ids, author = await self._store.contacts.comments_of(email), author_of(email)
        for one in ids:
            await self._erase_comment(one, author, by)
        self._store.outbox.wake()
        await self._store.queues.send()
        rows = {kept.name: await kept.erase(email) for kept in self._rows}
        unproved = await self._erasures.of(author)
        proof = await self._prove(email, unproved)
        if not any(place.left for place in proof):
            await self._erasures.forget([one.comment_id for one in unproved])
        return Erasure(len(ids), rows, proof)

    async def _erase_comment(self, comment_id: str, author: str, by: str) -> None:
        async def work(session: Session) -> Comment | None:
            before = await self._store.comments.find(comment_id, session)
            if before is not None:
                await self._store.change(_erased(before), "erase", by, session)
                unproved = UnprovedErasure(comment_id, before.status == "published")
                await self._erasures.note(author, unproved, now(), session)
            await self._store.contacts.forget(comment_id, session)
            await self._store.answers.erase(comment_id, session)
            await self._store.bans.forget_comment(comment_id, session)
            await self._reports.forget(comment_id, session)
            await self._repeats.forget(comment_id, session)
            return before

        before = await self._store.mongo.transaction(work)
        self._store.queues.note(comment_id)
        if before is not None:
            await self._store.discussions.note(before.article_id, comment_id)

    async def _prove(self, email: str, erased: Sequence[UnprovedErasure]) -> list[PlaceLooked]:
        ids = [one.comment_id for one in erased]
        rows = {kept.name: len(await kept.of(email)) for kept in self._rows}
        comments = await self._store.comments.by_ids(ids)
        texts = sum(bool(comment.body or comment.name) for comment in comments.values())
        answers = await self._store.answers.count_about([*ids, author_of(email)])
        findings = [
            PlaceLooked("database: comments", len(ids), texts),
            PlaceLooked(
                "database: addresses of comments", len(ids), len(await self._store.contacts.comments_of(email))
            ),
            *(PlaceLooked(f"database: {name}", 1, left) for name, left in rows.items()),
            PlaceLooked("database: kept answers", len(ids) + 1, answers),
            PlaceLooked("comments.v1", len(ids), await until_sent(self._store.outbox, ids)),
            PlaceLooked("search", 0, 0, "comments are not searched"),
        ]
        return findings + await self._look_at_pages([comments[one.comment_id] for one in erased if one.was_published])

    async def _look_at_pages(self, erased: Sequence[Comment]) -> list[PlaceLooked]:
        pages: dict[str, str] = {}
        for comment in erased:
            article = await self._store.articles.find(comment.article_id)
            if article is not None and article.status == "published":
                pages[f"{article.url}?comment={comment.id}"] = comment.id
        return await self._pages.look(pages)


def _erased(comment: Comment) -> Comment:
    return replace(
        next_version(comment, "removed"),
        name="",
        website=None,
        body="",
        body_html="",
        reasons=(),
        picked=False,
    )


def _exported(comment: Comment, contact: Contact) -> Json:
    private = {name: value for name, value in asdict(contact).items() if name not in _HIDDEN}
    return plain_json({**asdict(comment), **private})
