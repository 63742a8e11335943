"""Where the comments stand that a page's comments answer and that are not in the same thread: see questions.comments_of.

A long thread goes on in threads of their own (threads.py), so that what is answered may be on any page of the discussion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredComment, StoredReply, StoredThread, StoredThreadPage
from services.rendering.readmodel.names import comment_name
from services.rendering.readmodel.snapshot import Snapshot, gather
from shared.events import ArticleState

# Parents that are looked for beyond the page, so that its cost is bounded: a page has some fifty threads, whose parents
# are mostly one, or each the next one's.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Parent:
    """A comment that is answered from another thread; `path` is its page's, empty where that is the answer's own."""

    name: str
    path: str = ""


def parents_of(shelf: Snapshot, article: ArticleState, leaf: StoredThreadPage, near: int) -> Mapping[str, Parent]:
    """What the comments of a page answer in other threads, by id; what readers cannot see is left out.

    `near` is the number of a page from which they are looked for.
    """
    here = {comment.id: comment for thread in leaf.entries for comment in thread.comments}
    inside = {thread.id: {comment.id for comment in thread.comments} for thread in leaf.entries}
    wanted = sorted(
        comment.parent_id
        for thread in leaf.entries
        for comment in thread.comments
        if comment.parent_id is not None and comment.parent_id not in inside[thread.id]
    )
    beyond = list(dict.fromkeys(name for name in wanted if name not in here))[-_MOST:]
    shelf.need({comment_name(name): StoredComment for name in beyond})
    found = gather([partial(_find, shelf, article, name, near) for name in beyond])
    parents = {name: Parent(here[name].name) for name in wanted if name in here and not here[name].removed}
    return parents | {name: parent for name, parent in zip(beyond, found, strict=True) if parent is not None}


def _find(shelf: Snapshot, article: ArticleState, comment_id: str, near: int) -> Parent | None:
    known = shelf.get(comment_name(comment_id), StoredComment)
    if known is None or not known.visible:
        return None
    opener = shelf.get(comment_name(known.thread_id), StoredComment)
    if opener is None or opener.thread_at is None:
        return None
    spot = paged_list.spot_of(shelf, paged_list.threads_of(article.id), (opener.thread_at, known.thread_id), near)
    said = _said(spot.leaf.entries, comment_id)
    path = article.url if spot.number is None else f"{article.url}?comments={spot.number}"
    return None if said is None else Parent(said.name, path)


def _said(threads: tuple[StoredThread, ...], comment_id: str) -> StoredReply | None:
    comments = (comment for thread in threads for comment in thread.comments)
    return next((comment for comment in comments if comment.id == comment_id), None)
