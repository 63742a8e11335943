"""Views of comments, as in `models.py`: one comment, a thread, a page of threads, a comment of an open page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CommentOrder = Literal["oldest", "newest", "best"]
Noted = Literal["vote", "report"]


@dataclass(frozen=True, slots=True)
class CommentView:
    """A published comment. `depth` is 0 for the first of a thread. `reply_to_*` describe the comment that it answers;
    `reply_to_path` is None for the same thread, empty for the same page. `removed` is a placeholder without name and body:
    a moderator removed the comment while its replies stay. `picked`: the editors recommend it. `replies` counts the visible
    comments below it in its thread.
    """

    comment_id: str
    name: str
    body_html: str
    created_at: datetime
    website: str = ""
    depth: int = 0
    reply_to_id: str = ""
    reply_to_name: str = ""
    reply_to_path: str | None = None
    removed: bool = False
    edited_at: datetime | None = None
    votes_up: int = 0
    votes_down: int = 0
    picked: bool = False
    replies: int = 0


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A top-level comment and all its replies in reading order (depth first).

    `path`: the replies are left out, and this address leads to the whole thread; else empty.
    """

    opener: CommentView
    replies: tuple[CommentView, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class CommentsView:
    """A page of an article's threads. Pages count from the oldest: `page == pages` is the one on the article's own page.

    `total` counts all published comments of the article, replies included. `version` grows with the newest page and the
    discussion's state: a live page compares it to see whether it shows them all. `closed_at`: since when it takes no
    comments, None while open or unknown. `sort`: the order of the threads, of one page for `oldest` and `newest`; `best` has
    one page.
    """

    total: int = 0
    threads: tuple[ThreadView, ...] = ()
    page: int = 1
    pages: int = 1
    open: bool = True
    version: int = 0
    sort: CommentOrder = "oldest"
    can_vote: bool = True
    closed_at: datetime | None = None


NO_COMMENTS = CommentsView()


@dataclass(frozen=True, slots=True)
class LiveCommentView:
    """One comment of an article, for a page that a reader has open."""

    article_id: str
    comment: CommentView
    open: bool = True
    language: str = "en"
    can_vote: bool = True
