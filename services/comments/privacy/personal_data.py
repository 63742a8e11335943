"""A person's rights over their data: a copy of everything stored under their e-mail address, and its erasure."""

from dataclasses import asdict, replace
from typing import Any

from services.comments.letters.contract import NewMessage
from services.comments.model.records import Comment, Message
from services.comments.model.store import Store
from shared.mongo.collections import Session
from shared.times import rfc3339

_OPERATOR = "operator"


def read_address(text: str) -> str:
    """An address in its stored form. Raises pydantic's ValidationError."""
    return NewMessage.model_validate({"name": "-", "email": text, "body": "-"}).email


async def export(store: Store, email: str) -> dict[str, Any]:
    """All comments (of any status) and letters of an address, oldest first, as JSON values. Raises Unavailable."""
    comments = [await store.comments.find(comment_id) for comment_id in await store.contacts.comments_of(email)]
    letters = await store.messages.of(email)
    return {
        "email": email,
        "comments": [_as_json(comment) for comment in comments if comment is not None],
        "messages": [_as_json(letter) for letter in letters],
    }


async def erase(store: Store, email: str) -> tuple[int, int]:
    """Erase an address, the text and names of its comments, and its letters. Returns the numbers of comments and letters.

    A comment becomes a placeholder, as after a removal, so that replies of others keep their place. Its event on `comments.v1`
    updates caches, pages and read models. Stored answers lose its text too; dead letters are another step
    (`commands.py`). Each comment is one transaction: repeat the call after an interruption. Raises
    Unavailable.
    """
    ids = await store.contacts.comments_of(email)
    for comment_id in ids:
        await _erase_comment(store, comment_id)
    return len(ids), await store.messages.erase(email)


async def _erase_comment(store: Store, comment_id: str) -> None:
    async def work(session: Session) -> Comment | None:
        before = await store.comments.find(comment_id, session)
        if before is not None:
            await store.change(_erased(before), "erase", _OPERATOR, session)
        await store.contacts.forget(comment_id, session)
        await store.answers.erase(comment_id, session)
        return before

    erased = await store.mongo.transaction(work)
    if erased is not None:
        await store.discussions.note(erased.article_id, comment_id)


def _erased(comment: Comment) -> Comment:
    return replace(comment, version=comment.version + 1, status="removed", name="", website=None, body="", body_html="")


def _as_json(record: Comment | Message) -> dict[str, Any]:
    return {**asdict(record), "created_at": rfc3339(record.created_at)}
