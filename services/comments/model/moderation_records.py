"""Values of moderation: authors' records, changes of status, bans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.comments.model.rules import AuditAction, Status

BanKind = Literal["ban", "mute"]
BanTarget = Literal["email", "network", "visitor"]

# The outcomes of an author's last comments that count for the share of rejected ones.
MOST_RECENT = 50


@dataclass(frozen=True)
class AuthorRecord:
    """The moderators' decisions about an author's comments. `recent_rejected` counts among the last `recent` (at most 50).

    A removed comment counts as rejected among the recent ones. `verified_at`: the author confirmed the address by mail.
    """

    published: int = 0
    rejected: int = 0
    removed: int = 0
    recent: int = 0
    recent_rejected: int = 0
    verified_at: datetime | None = None


@dataclass(frozen=True)
class StatusChange:
    """A comment's status before and after a change. None: it did not exist, or counts no more (its author deleted it).

    `is_automatic`: no moderator decided. Such a rejection is no recent outcome: a wide word list must not hold all that an
    author writes next.
    """

    author: str
    comment_id: str
    before: Status | None
    after: Status | None
    is_automatic: bool = False


@dataclass(frozen=True)
class Decided:
    """The last decision about a comment."""

    decision_id: str
    action: AuditAction
    by: str
    at: datetime


@dataclass(frozen=True)
class Ban:
    """A ban refuses the comments of its target; a mute holds them. There is one at most for a target.

    `value` is the target: an author (`author_of`), a network (CIDR), or a browser (`browser_of`). `email`: the address that a
    moderator typed. `comment_id`: the comment from which the ban was made; nobody sees its address and network; empty after its
    erasure. `until`: None is for ever.
    """

    id: str
    kind: BanKind
    target: BanTarget
    value: str
    until: datetime | None
    reason: str
    by: str
    at: datetime
    email: str | None = None
    comment_id: str | None = None

    def is_active(self, at: datetime) -> bool:
        """Whether it holds at a time."""
        return self.until is None or at < self.until
