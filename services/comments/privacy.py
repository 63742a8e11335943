"""What a person may ask of us: a copy of all that is kept under their e-mail address, and that it is erased."""

from dataclasses import asdict, replace
from typing import Any

from services.comments.contract import NewMessage
from services.comments.store import Comment, Store
from shared.mongo.collections import Session
from shared.times import rfc3339

_OPERATOR = "operator"


def read_address(text: str) -> str:
    """An address as it is kept. Raises pydantic's ValidationError where it is none."""
    return NewMessage.model_validate({"name": "-", "email": text, "body": "-"}).email


async def export(store: Store, email: str) -> dict[str, Any]:
    """All comments, in any state, and letters of an address, oldest first, as JSON can hold them. Raises Unavailable."""
    comments = [await store.comments.find(comment_id) for comment_id in await store.contacts.comments_of(email)]
    letters = await store.messages.of(email)
    return {
        "email": email,
        "comments": [_plain(comment) for comment in comments if comment is not None],
        "messages": [_plain(letter) for letter in letters],
    }


async def erase(store: Store, email: str) -> tuple[int, int]:
    """Erase an address, its comments' words and names, and its letters. Returns how many comments and letters there were.

    A comment becomes an empty place, as if a moderator had removed it, so that replies of others keep theirs; that is told on
    `comments.v1` like any other change, and caches, pages and read models follow. A transaction a comment: what breaks off in the
    middle is done by doing it again. Raises Unavailable.
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


def _plain(kept: Any) -> dict[str, Any]:
    return {**asdict(kept), "created_at": rfc3339(kept.created_at)}
