"""Queries for an article's comments: pure functions of a snapshot, which raise NotLoaded for missing documents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.rendering.pages.best_comments import BestThreads, best_threads
from services.rendering.pages.comment_models import CommentOrder, CommentsView, CommentView, ThreadView
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    StoredComment,
    StoredDiscussion,
    StoredParent,
    StoredReply,
    StoredThread,
    StoredThreadPage,
)
from services.rendering.readmodel.names import comment_name, discussion_name, parent_name
from services.rendering.readmodel.snapshot import Snapshot
from shared.events import ArticleState


@dataclass(frozen=True, slots=True)
class Parent:
    """The parent of a comment, in another thread. `path` is its permalink; empty if it is on the same page."""

    name: str
    path: str = ""


def comments_of(
    snapshot: Snapshot, article: ArticleState, page: int | None, order: CommentOrder = "oldest"
) -> CommentsView | None:
    """An article's threads: the newest page, or a numbered one; None if that page does not exist. The best are one page."""
    paged = paged_list.threads_of(article.id)
    front = paged_list.front_of(snapshot, paged).page
    newest = front.newest + 1
    found: StoredThreadPage | None = front
    if page is not None and page != newest:
        found = snapshot.get(paged.page_name(page), paged.kind) if 1 <= page < newest else None
    if found is None:
        return None
    view = _whole_view(snapshot, article, front)
    if order == "best":
        best = best_threads(snapshot, article.id, front)
        return replace(view, threads=_threads_of(snapshot, article, best), sort=order)
    threads = _threads_of(snapshot, article, BestThreads(found.entries))
    threads = threads if order == "oldest" else threads[::-1]
    return replace(view, threads=threads, page=page or newest, pages=newest, sort=order)


def _whole_view(snapshot: Snapshot, article: ArticleState, front: StoredThreadPage) -> CommentsView:
    """The facts of a discussion, without threads."""
    discussion = snapshot.get(discussion_name(article.id), StoredDiscussion) or StoredDiscussion()
    return CommentsView(
        front.total if discussion.total is None else discussion.total,
        open=article.comments_open and discussion.open,
        closed_at=None if discussion.open else discussion.closes_at,
        can_vote=discussion.votes,
    )


def _threads_of(snapshot: Snapshot, article: ArticleState, shown: BestThreads) -> tuple[ThreadView, ...]:
    parents = _parents_of(snapshot, article, shown.threads)
    views = (_as_thread(thread, parents) for thread in shown.threads)
    return tuple(
        replace(view, path=permalink(article, thread.id)) if thread.id in shown.cut else view
        for thread, view in zip(shown.threads, views, strict=True)
    )


def permalink(article: ArticleState, comment_id: str) -> str:
    """The address that leads to the page with a comment, without its fragment."""
    return f"{article.url}?comment={comment_id}"


def _parents_of(snapshot: Snapshot, article: ArticleState, threads: Sequence[StoredThread]) -> Mapping[str, Parent]:
    """Visible parents of the comments in other threads, by id.

    A long thread continues in threads of their own, so that a parent may be on any page of the discussion.
    """
    here = {comment.id: comment for thread in threads for comment in thread.comments}
    in_thread = {thread.id: {comment.id for comment in thread.comments} for thread in threads}
    wanted = {
        comment.parent_id
        for thread in threads
        for comment in thread.comments
        if comment.parent_id is not None and comment.parent_id not in in_thread[thread.id]
    }
    elsewhere = wanted - here.keys()
    snapshot.need({parent_name(name): StoredParent for name in elsewhere})
    parents = {name: Parent(here[name].name) for name in wanted & here.keys() if not here[name].removed}
    for name in elsewhere:
        if (found := snapshot.get(parent_name(name), StoredParent)) is not None:
            parents[name] = Parent(found.name, permalink(article, name))
    return parents


def counts_of(snapshot: Snapshot, article_ids: Sequence[str]) -> Mapping[str, int]:
    """The number of comments of each article, by one query; 0 also for a number that an earlier release has stored."""
    names = {article_id: discussion_name(article_id) for article_id in article_ids}
    snapshot.need(dict.fromkeys(names.values(), StoredDiscussion))
    found = {article_id: snapshot.get(name, StoredDiscussion) for article_id, name in names.items()}
    return {article_id: (discussion and discussion.total) or 0 for article_id, discussion in found.items()}


@dataclass(frozen=True, slots=True)
class CommentPlace:
    """The page with a visible comment; number None is the newest page."""

    number: int | None


def place_of(snapshot: Snapshot, article: ArticleState, comment_id: str) -> CommentPlace | None:
    """The page with a comment, None if readers cannot see it. A comment that appears or moves changes a document read here."""
    paged = paged_list.threads_of(article.id)
    name = comment_name(comment_id)
    snapshot.need({paged.front: paged.kind, discussion_name(article.id): StoredDiscussion, name: StoredComment})
    known = snapshot.get(name, StoredComment)
    if known is None or not known.visible or known.article_id != article.id:
        return None
    found = _position_of(snapshot, article, known)
    return None if found is None or _comment_in(found.page.entries, comment_id) is None else CommentPlace(found.number)


def _position_of(
    snapshot: Snapshot, article: ArticleState, comment: StoredComment
) -> paged_list.Position[StoredThread] | None:
    opener = snapshot.get(comment_name(comment.thread_id), StoredComment)
    if opener is None or opener.thread_at is None:
        return None
    key = (opener.thread_at, comment.thread_id)
    return paged_list.find_position(snapshot, paged_list.threads_of(article.id), key, opener.thread_hint)


def _comment_in(threads: Iterable[StoredThread], comment_id: str) -> StoredReply | None:
    comments = (comment for thread in threads for comment in thread.comments)
    return next((comment for comment in comments if comment.id == comment_id), None)


def _as_thread(thread: StoredThread, parents: Mapping[str, Parent]) -> ThreadView:
    """A thread in reading order: each comment is followed by its replies.

    A missing opener gets a placeholder. A reply whose parent is not in this thread stands directly under the opener.
    """
    by_id = {comment.id: comment for comment in thread.comments}
    placeholder = StoredReply(
        id=thread.id, parent_id=None, name="", website=None, body_html="", created_at=thread.at, removed=True
    )
    opener = by_id.setdefault(thread.id, placeholder)
    children: dict[str, list[StoredReply]] = {}
    for comment in thread.comments:
        if comment is not opener:
            children.setdefault(_parent_in_thread(comment, opener, by_id).id, []).append(comment)
    ordered: list[tuple[StoredReply, int]] = []
    stack = [(opener, 0)]
    while stack:
        comment, depth = stack.pop()
        ordered.append((comment, depth))
        stack += [(child, depth + 1) for child in reversed(children.pop(comment.id, []))]
    views = [
        _as_comment(comment, depth, replies, by_id, parents)
        for (comment, depth), replies in zip(ordered, _replies_of(ordered), strict=True)
    ]
    return ThreadView(views[0], tuple(views[1:]))


def _replies_of(ordered: Sequence[tuple[StoredReply, int]]) -> list[int]:
    """The number of visible comments below each comment of a thread in reading order."""
    found = [0] * len(ordered)
    path: list[int] = []
    above: list[int] = []
    for index, (_, depth) in enumerate(ordered):
        path[depth:] = [index]
        above.append(path[depth - 1] if depth else index)
    for index in range(len(ordered) - 1, 0, -1):
        found[above[index]] += found[index] + (not ordered[index][0].removed)
    return found


def _parent_in_thread(comment: StoredReply, opener: StoredReply, by_id: Mapping[str, StoredReply]) -> StoredReply:
    """The comment above this one. Always an older one, so that there can be no cycle."""
    parent = by_id.get(comment.parent_id or "", opener)
    is_older = (parent.created_at, parent.id) < (comment.created_at, comment.id)
    return parent if is_older else opener


def _as_comment(
    comment: StoredReply, depth: int, replies: int, by_id: Mapping[str, StoredReply], parents: Mapping[str, Parent]
) -> CommentView:
    name = comment.parent_id or ""
    parent = by_id.get(name) or parents.get(name)
    return CommentView(
        comment_id=comment.id,
        name=comment.name,
        body_html=comment.body_html,
        created_at=comment.created_at,
        website=comment.website or "",
        depth=depth,
        reply_to_id="" if parent is None else name,
        reply_to_name="" if parent is None else parent.name,
        reply_to_path=parent.path if isinstance(parent, Parent) else None,
        removed=comment.removed,
        edited_at=comment.edited_at,
        votes_up=comment.votes_up,
        votes_down=comment.votes_down,
        picked=comment.picked,
        replies=replies,
    )
