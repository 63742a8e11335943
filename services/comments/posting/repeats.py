"""Recognises the same comment when it is sent again. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.comments.access.visitors import Visitor
from services.comments.posting.contract import NewComment
from shared.text import fold

WINDOW = timedelta(minutes=2)


@dataclass(frozen=True)
class Sender:
    """The sender of a comment. `token` is the browser's; a browser without one (`is_new`) gets it with the answer.

    `address` is an IP address, for bans alone: nothing stores it.
    """

    token: str
    is_new: bool
    visitor: Visitor
    address: str
    agent: str


@dataclass(frozen=True)
class Repeat:
    """The answer to a comment that may come again: the JSON of a PostedComment. `key`: see `repeat_keys`."""

    key: str
    comment_id: str
    posted: bytes
    at: datetime

    def counts(self, now: datetime) -> bool:
        """Whether the same text is still the same comment."""
        return now - self.at < WINDOW


def repeat_keys(sender: Sender, article_id: str, sent: NewComment) -> tuple[str, ...]:
    """The names under which the same comment may be stored already. A new one is stored under the first.

    A browser is known by its token. The first comment of a browser has none yet, nor has its double click:
    then the visitor's network and browser count, also for a later repetition with the new token.
    """
    content = [article_id, sent.parent_id, sent.name, sent.email, sent.website, sent.body]
    by_visitor = _hash([*content, sender.visitor.network, sender.agent])
    return (by_visitor,) if sender.is_new else (_hash([*content, sender.token]), by_visitor)


def text_of(author: str, body: str) -> str:
    """The name of an author's text: 32 hexadecimal digits. Spaces and upper case make no difference."""
    return _hash([author, " ".join(fold(body).split())])


def _hash(parts: list[str | None]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        # A browser's name may hold bytes that are not UTF-8.
        raw = b"" if part is None else b"+" + part.encode("utf-8", "surrogateescape")
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return digest.hexdigest()[:32]
