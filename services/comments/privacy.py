"""A person's rights over their data: a copy of everything kept under their e-mail address, and its erasure."""

from dataclasses import asdict, replace
from typing import Any

from services.comments.contract import NewMessage
from services.comments.store import Comment, Store
from shared.mongo.collections import Session
from shared.times import rfc3339

_OPERATOR = "operator"


def read_address(text: str) -> str:
    """Normalize an e-mail address as forms do. Raises pydantic's ValidationError when it is none."""
    return NewMessage.model_validate({"name": "-", "email": text, "body": "-"}).email


async def export(store: Store, email: str) -> dict[str, Any]:
    """All comments, in any state, and letters of an address, oldest first, JSON-encodable. Raises Unavailable."""
    comments = [await store.comments.find(comment_id) for comment_id in await store.contacts.comments_of(email)]
    letters = await store.messages.of(email)
    return {
        "email": email,
        "comments": [_encodable(comment) for comment in comments if comment is not None],
        "messages": [_encodable(letter) for letter in letters],
    }


async def erase(store: Store, email: str) -> tuple[int, int]:
    """Erase an address, its comments' text and names, and its letters. Returns the number of comments and of letters.

    A comment becomes `removed`, with its text empty, so that replies of others keep their place. `comments.v1` carries this
    change like any other. Each comment has a transaction of its own: after an interruption, erase again. Raises Unavailable.
    """
    ids = await store.contacts.comments_of(email)
    for comment_id in ids:
        await _erase_comment(store, comment_id)
    return len(ids), await store.messages.erase(email)


async def _erase_comment(store: Store, comment_id: str) -> None:
    async def work(session: Session) -> None:
        before = await store.comments.find(comment_id, session)
        if before is not None:
            await store.change(_emptied(before), "erase", _OPERATOR, session)
        await store.contacts.forget(comment_id, session)

    await store.mongo.transaction(work)


def _emptied(comment: Comment) -> Comment:
    return replace(comment, version=comment.version + 1, status="removed", name="", website=None, body="", body_html="")


def _encodable(record: Any) -> dict[str, Any]:
    return {**asdict(record), "created_at": rfc3339(record.created_at)}
