"""Values of this room: who wants mails about replies, which replies wait for a mail, and the mails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MailKind = Literal["verification", "digest"]
MailState = Literal["ready", "sending", "sent", "dropped", "dead", "uncertain"]


@dataclass(frozen=True)
class Subscription:
    """The wish of a comment's author for mails about replies. `id` is the comment.

    `recipient` names the address (`author_of`). `writer` is the browser with the address, empty until the first look at the
    subscription. `confirmed`: this writer has confirmed the address.
    """

    id: str
    recipient: str
    email: str
    language: str
    at: datetime
    writer: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class WaitingReply:
    """A published reply that waits for a mail. `id` is the reply, `parent_id` the comment with the subscription."""

    id: str
    recipient: str
    parent_id: str
    at: datetime


@dataclass(frozen=True)
class Asked:
    """A verification mail that was made for a writer."""

    writer: str
    at: datetime


@dataclass(frozen=True)
class Recipient:
    """An address. `id` names it (`author_of`), `at` is the last time it was asked or confirmed, from which it is kept.

    `writers` have confirmed it, `asked` has the last verification mails. `mailed_at` is the time of the last digest.
    `stopped_at`: it unsubscribed then, and has not confirmed since. `version` grows with each change.
    """

    id: str
    email: str
    language: str
    at: datetime
    writers: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    verified_at: datetime | None = None
    mailed_at: datetime | None = None
    stopped_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class Mail:
    """A mail. Its text is made at each attempt.

    `comments`: the replies of a digest, or the comment whose `writer` a verification asks to confirm.
    `claim` names the attempt that handed it to the mail server. `due_at` is the time of the next attempt.
    """

    id: str
    kind: MailKind
    recipient: str
    at: datetime
    language: str = ""
    writer: str = ""
    comments: tuple[str, ...] = ()
    state: MailState = "ready"
    attempts: int = 0
    due_at: datetime | None = None
    claim: str = ""
    claimed_at: datetime | None = None
