"""Values that the stores keep: articles, comments, letters, and the rule of moderation."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

from services.comments.rules import Mode, Status, ThreadEntry
from shared.events import CommentHeld, CommentPublished, CommentRejected, CommentRemoved, CommentState

_EVENTS: dict[Status, type[CommentState]] = {
    "published": CommentPublished,
    "pending": CommentHeld,
    "rejected": CommentRejected,
    "removed": CommentRemoved,
}


@dataclass(frozen=True)
class ArticleCopy:
    """The part of an article that comments depend on. `language` is empty in copies from before languages existed."""

    id: str
    version: int
    url: str
    status: Literal["published", "withdrawn"]
    comments_open: bool
    section: str
    headline: str
    language: str = ""


@dataclass(frozen=True)
class Comment:
    """A comment. `root_id` is the top comment of its thread. The e-mail address is in ContactStore alone."""

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

    def event(self) -> CommentState:
        """The event of its state. A rejected or removed comment has no text and no name in it."""
        fields = asdict(self)
        if self.status in ("rejected", "removed"):
            fields |= {"name": "", "website": None, "body": "", "body_html": ""}
        return _EVENTS[self.status](**fields)


@dataclass(frozen=True)
class DiscussionVersion:
    """The number of changes of a discussion, and the comments of the last ones."""

    version: int
    changed: tuple[str, ...]

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
class ModerationRule:
    """Which comments wait for a moderator. Version 0 is the setting of the service; moderators make the later ones."""

    mode: Mode
    version: int


def thread_entry(comment: Comment) -> ThreadEntry:
    """The part of a comment that the layout of threads needs."""
    return ThreadEntry(comment.id, comment.parent_id, comment.status)


def next_version(comment: Comment, status: Status) -> Comment:
    """The comment's next version, with another status."""
    return replace(comment, status=status, version=comment.version + 1)
