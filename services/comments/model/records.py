"""Values that the stores keep: articles, comments, letters, and the rule of moderation."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from services.comments.model.moderation_records import Decided
from services.comments.model.rules import Mode, Status, ThreadEntry, WhenWebhookFails
from shared.events import CommentHeld, CommentPublished, CommentRejected, CommentRemoved, CommentState

_EVENTS: dict[Status, type[CommentState]] = {
    "published": CommentPublished,
    "pending": CommentHeld,
    "rejected": CommentRejected,
    "removed": CommentRemoved,
}

# Of more published comments the newest are left out, of `total` as well. Pages use the read model instead.
MOST_IN_A_DISCUSSION = 20_000
_NOT_IN_EVENTS = frozenset({"spam", "reasons", "reports", "settled", "decided", "past_votes"})


@dataclass(frozen=True)
class DiscussionSetting:
    """A moderator's setting of one story's discussion, and what readers were last sent of it.

    `open` and `mode`: None leaves it to the settings of the site. `closed_at`: time of a closing by hand. `version`: of the last
    `DiscussionChanged`, 0 before the first; `sent_open` and `sent_votes`: what that said.
    """

    open: bool | None = None
    mode: Mode | None = None
    closed_at: datetime | None = None
    version: int = 0
    sent_open: bool = True
    sent_votes: bool = True


@dataclass(frozen=True)
class SentRule:
    """The settings of the site that readers' pages follow: the age limit of discussions in days, and whether readers vote."""

    days: int | None = None
    votes: bool = True


@dataclass(frozen=True)
class ArticleCopy:
    """The part of an article that comments depend on, and the setting of its discussion.

    `language` is empty, and `published_at` None, in copies from before these fields existed.
    """

    id: str
    version: int
    url: str
    status: Literal["published", "withdrawn"]
    comments_open: bool
    section: str
    headline: str
    language: str = ""
    published_at: datetime | None = None
    discussion: DiscussionSetting = DiscussionSetting()


@dataclass(frozen=True)
class Reason:
    """Why a phase of the moderation held or rejected a comment. `match` is the text that it found, empty without one."""

    phase: str
    detail: str
    match: str = ""


@dataclass(frozen=True)
class VoteCount:
    """Readers' votes for a comment and against it."""

    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class PastVotes:
    """A comment's counts from one count of votes to the next. `number`: of the count, rising within a discussion.

    `minute`: its time, in minutes since 1970.
    """

    number: int
    minute: int
    up: int
    down: int


@dataclass(frozen=True)
class Comment:
    """A comment. `root_id` is the top comment of its thread. The e-mail address is in ContactStore alone.

    `spam`: it was rejected as spam. `reports`: readers' reports since the last decision. `settled`: the version in which text or
    status changed last; votes and picks make newer versions. `decided`: the moderators' last decision. No event has these, nor
    `reasons`: they are for moderators alone. `past_votes`: the counts of the last hour, oldest first (`reading/ranking.py`).
    """

    id: str
    version: int
    article_id: str
    parent_id: str | None
    root_id: str
    name: str
    website: str | None
    body: str
    body_html: str
    status: Status
    created_at: datetime
    edited_at: datetime | None = None
    votes: VoteCount = VoteCount()
    picked: bool = False
    spam: bool = False
    reasons: tuple[Reason, ...] = ()
    reports: int = 0
    settled: int = 1
    decided: Decided | None = None
    past_votes: tuple[PastVotes, ...] = ()

    def event(self) -> CommentState:
        """The event of its state. A rejected or removed comment has no text and no name in it."""
        fields = {name: value for name, value in asdict(self).items() if name not in _NOT_IN_EVENTS}
        if self.status in ("rejected", "removed"):
            fields |= {"name": "", "website": None, "body": "", "body_html": ""}
        return _EVENTS[self.status](**fields)


@dataclass(frozen=True)
class Contact:
    """The private side of the comment `id`: who wrote it, from where, and who may edit it. It never leaves ContactStore.

    `author` names the address (`author_of`), `writer` the browser with the address, `browser` the browser alone; all are hashes.
    `visitor` and `network` are those of the day `network_at`; they are kept 30 days. `edit_hash`: hash of the token that edits the
    comment until `edit_until`. `text` is a hash of author and text: equal ones are repetitions. `notify`: the writer wants a mail
    about replies. `approved`: a moderator left it published.
    """

    id: str
    email: str
    author: str
    writer: str
    at: datetime
    browser: str = ""
    visitor: str = ""
    network: str = ""
    network_at: datetime | None = None
    edit_hash: str = ""
    edit_until: datetime | None = None
    article_id: str = ""
    text: str = ""
    notify: bool = False
    approved: bool = False


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """The place of a comment in its discussion, and its counts of votes over the last hour."""

    id: str
    root_id: str
    parent_id: str | None
    is_published: bool
    past_votes: tuple[PastVotes, ...] = ()


@dataclass(frozen=True)
class DiscussionVersion:
    """The number of changes of a discussion, and the comments of the last ones. `votes`: number of its last count of votes."""

    version: int
    changed: tuple[str, ...]
    votes: int = 0

    def since(self, version: int) -> frozenset[str] | None:
        """The comments that changed after `version`; None when that is not known."""
        count = self.version - version
        if not 0 <= count <= len(self.changed):
            return None
        return frozenset(self.changed[len(self.changed) - count :])


@dataclass(frozen=True)
class Message:
    """A reader's letter to the editors."""

    id: str
    name: str
    email: str
    body: str
    created_at: datetime


@dataclass(frozen=True)
class Webhook:
    """An external judge of comments. `secret` signs each request; `when_it_fails` decides after a time-out or an error."""

    url: str
    secret: str
    when_it_fails: WhenWebhookFails = "publish"


@dataclass(frozen=True)
class ModerationRule:
    """The settings of all discussions. Version 0 is the setting of the service; moderators make the later ones.

    `close_after_days`: None keeps discussions open. `hold_rejection_rate`: share (0 to 1) of an author's last fifty comments
    that were rejected, from which further ones are held; None never holds.
    """

    mode: Mode
    version: int
    banned_words: tuple[str, ...] = ()
    suspect_words: tuple[str, ...] = ()
    most_links: int = 2
    close_after_days: int | None = None
    edit_window_s: int = 300
    votes: bool = True
    hold_rejection_rate: float | None = 0.3
    webhook: Webhook | None = field(default=None, repr=False)


def author_of(email: str) -> str:
    """The name of an author in the stores: 32 hexadecimal digits, a hash of the address."""
    return hashlib.sha256(f"author\0{email}".encode()).hexdigest()[:32]


def thread_entry(comment: Comment) -> ThreadEntry:
    """The part of a comment that the layout of threads needs."""
    return ThreadEntry(comment.id, comment.parent_id, comment.status)


def next_version(comment: Comment, status: Status) -> Comment:
    """The comment's next version, with another status."""
    version = comment.version + 1
    return replace(comment, status=status, version=version, settled=version)


def past_votes_from(fields: Mapping[str, Any]) -> tuple[PastVotes, ...]:
    """The past counts in a comment's stored fields. Votes that came with an import have no count, and are as old as the comment."""
    past, votes = fields.get("past_votes", ()), fields.get("votes", {})
    if not past and (votes.get("up") or votes.get("down")):
        return (PastVotes(0, 0, votes["up"], votes["down"]),)
    return tuple(PastVotes(**one) for one in past)


def article_from(fields: Mapping[str, Any]) -> ArticleCopy:
    """An article from its stored fields."""
    return ArticleCopy(**{**fields, "discussion": DiscussionSetting(**fields.get("discussion", {}))})


def comment_from(fields: Mapping[str, Any]) -> Comment:
    """A comment from its stored fields (`asdict`). Comments from before a field existed have its default."""
    decided = fields.get("decided")
    nested = {
        "decided": None if decided is None else Decided(**decided),
        "votes": VoteCount(**fields.get("votes", {})),
        "reasons": tuple(Reason(**reason) for reason in fields.get("reasons", ())),
        "past_votes": past_votes_from(fields),
    }
    return Comment(**{**fields, **nested})


def rule_from(fields: Mapping[str, Any]) -> ModerationRule:
    """The settings from their stored fields (`asdict`). Settings from before a field existed have its default."""
    webhook = fields.get("webhook")
    nested = {
        "banned_words": tuple(fields.get("banned_words", ())),
        "suspect_words": tuple(fields.get("suspect_words", ())),
        "webhook": None if webhook is None else Webhook(**webhook),
    }
    return ModerationRule(**{**fields, **nested})
