"""How a comment's event changes an article's threads. Pure.

Comments come in any order (their topic is keyed by comment): a reply may be here before the comment it answers, even
before the one that opened its thread. A thread stands under its opener's time as soon as that is known.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from services.rendering.projector.article_rules import Touched
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    StoredArticle,
    StoredComment,
    StoredReply,
    StoredThread,
    StoredThreadPage,
)
from services.rendering.readmodel.names import article_name, comment_name, threads_name
from services.rendering.readmodel.paged_list import PagedList, Position
from services.rendering.readmodel.snapshot import ChangeSet
from shared.events import CommentState

# A thread of more comments than this goes on in threads of their own, one for each further reply, so that no document
# and no page grows without end.
MOST_IN_THREAD = 100
_NEWEST = 1 << 60
_JUST_AFTER = timedelta(milliseconds=1)

Change = Callable[[Sequence[StoredReply]], Sequence[StoredReply]]


def project_comment(draft: ChangeSet, event: CommentState) -> Touched:
    """Apply a comment's event, unless a later one was. Returns all that it changed, also when that was some time ago."""
    name = comment_name(event.id)
    _ask_at_once(draft, event)
    known = draft.get(name, StoredComment) or StoredComment(seen=0, article_id=event.article_id)
    if known.erased or event.version <= known.seen:
        return known.touched
    article = draft.get(article_name(event.article_id), StoredArticle)
    visible = event.status == "published" and not (article is not None and article.erased)
    _take_out(draft, known, event.id)
    heard = {"seen": event.version, "created_at": event.created_at, "visible": False, "parent_id": event.parent_id}
    draft.put(name, known.model_copy(update=heard), StoredComment)
    if event.id == event.root_id:
        _stand_under(draft, event.article_id, event.id, event.created_at)
    if visible:
        _put_in(draft, event)
    else:
        _set_comments(
            draft, event.article_id, _thread(draft, event.article_id, event.root_id), lambda comments: comments
        )
    _count(draft, event.article_id, visible - known.visible)
    return _keep(draft, name)


def erase_comment(draft: ChangeSet, comment_id: str) -> Touched:
    """Forget a comment; replies to it stay. Its id stays, so that an old event that comes late does not bring it back."""
    name = comment_name(comment_id)
    known = draft.get(name, StoredComment) or StoredComment(seen=0)
    if known.erased:
        return known.touched
    draft.put(name, known.model_copy(update={"erased": True, "visible": False}), StoredComment)
    _take_out(draft, known, comment_id)
    if known.visible:
        _count(draft, known.article_id, -1)
    return _keep(draft, name)


def _ask_at_once(draft: ChangeSet, event: CommentState) -> None:
    draft.need(
        {
            comment_name(event.id): StoredComment,
            comment_name(event.root_id): StoredComment,
            threads_name(event.article_id): StoredThreadPage,
            article_name(event.article_id): StoredArticle,
        }
    )


def _take_out(draft: ChangeSet, known: StoredComment, comment_id: str) -> None:
    """Take a comment out of the thread it stands in, if it stands in one."""
    if known.visible:
        thread = _thread(draft, known.article_id, known.thread_id)
        _set_comments(draft, known.article_id, thread, lambda others: [c for c in others if c.id != comment_id])


def _set_comments(draft: ChangeSet, article_id: str, thread: StoredThread | None, change: Change) -> None:
    """Change what stands in a thread, keep the places of what is answered there, and take it away with its last comment."""
    if thread is None:
        return
    row = paged_list.threads_of(article_id)
    visible = change([comment for comment in thread.comments if not comment.removed])
    if visible:
        paged_list.insert(
            draft, row, thread.model_copy(update={"comments": _with_places(draft, thread.id, visible)}), _NEWEST
        )
    else:
        paged_list.remove(draft, row, thread.key, _NEWEST)
        _note_thread(draft, article_id, thread.id, None)


def _with_places(draft: ChangeSet, thread_id: str, visible: Sequence[StoredReply]) -> tuple[StoredReply, ...]:
    """Comments in the order of time, with one that has no words for each that is answered and not to be seen any more."""
    comments = {comment.id: comment for comment in visible}
    answered = [comment.parent_id for comment in visible if comment.id != thread_id]
    while answered:
        name = answered.pop()
        known = None if name is None or name in comments else draft.get(comment_name(name), StoredComment)
        if name is not None and known is not None and known.created_at is not None and not known.visible:
            comments[name] = StoredReply(
                id=name, parent_id=known.parent_id, name="", website=None, body_html="",
                created_at=known.created_at, removed=True,
            )  # fmt: skip
            answered.append(known.parent_id)
    return tuple(sorted(comments.values(), key=lambda comment: (comment.created_at, comment.id)))


def _stand_under(draft: ChangeSet, article_id: str, thread_id: str, at: datetime) -> None:
    """NewVersion a thread that replies began under their own time to the time of its opener."""
    thread = _thread(draft, article_id, thread_id)
    if thread is not None and thread.at != at:
        row = paged_list.threads_of(article_id)
        paged_list.remove(draft, row, thread.key, _NEWEST)
        _begin_thread(draft, article_id, thread.model_copy(update={"at": at}))


def _put_in(draft: ChangeSet, event: CommentState) -> None:
    """Put a comment into its thread; into one of its own where that is full."""
    thread = _thread(draft, event.article_id, event.root_id)
    thread_id = event.root_id
    if thread is not None and _has_room(draft, event.article_id, thread):
        _set_comments(draft, event.article_id, thread, lambda others: [*others, _reply(event)])
    else:
        thread_id = event.root_id if thread is None else event.id
        opener = draft.get(comment_name(thread_id), StoredComment)
        at = opener.created_at if opener is not None and opener.created_at is not None else event.created_at
        comments = _with_places(draft, thread_id, [_reply(event)])
        _begin_thread(draft, event.article_id, StoredThread(id=thread_id, at=at, comments=comments))
    name = comment_name(event.id)
    stored = draft.get(name, StoredComment) or StoredComment(seen=event.version)
    draft.put(name, stored.model_copy(update={"visible": True, "thread_id": thread_id}), StoredComment)


def _begin_thread(draft: ChangeSet, article_id: str, thread: StoredThread) -> None:
    """Put a thread where its time belongs; among the newest where that page is full, since those pages are not split."""
    row = paged_list.threads_of(article_id)
    spot = paged_list.spot_of(draft, row, thread.key, _NEWEST)
    if spot.number is not None and not _spot_has_room(row, spot):
        border = paged_list.front_of(draft, row).leaf.lower
        thread = thread.model_copy(update={"at": border[0] + _JUST_AFTER})
    paged_list.insert(draft, row, thread, _NEWEST)
    _note_thread(draft, article_id, thread.id, thread.at)


def _has_room(draft: ChangeSet, article_id: str, thread: StoredThread) -> bool:
    row = paged_list.threads_of(article_id)
    spot = paged_list.spot_of(draft, row, thread.key, _NEWEST)
    return len(thread.comments) < MOST_IN_THREAD and (spot.number is None or _spot_has_room(row, spot))


def _spot_has_room(row: PagedList[StoredThread], spot: Position[StoredThread]) -> bool:
    return paged_list.size_of(row, spot.leaf) < row.leaf_most


def _thread(draft: ChangeSet, article_id: str, thread_id: str) -> StoredThread | None:
    opener = draft.get(comment_name(thread_id), StoredComment)
    if opener is None or opener.thread_at is None:
        return None
    key = (opener.thread_at, thread_id)
    spot = paged_list.spot_of(draft, paged_list.threads_of(article_id), key, _NEWEST)
    return next((thread for thread in spot.leaf.entries if thread.key == key), None)


def _note_thread(draft: ChangeSet, article_id: str, thread_id: str, at: datetime | None) -> None:
    """Note at a thread's opener, known or not, where the thread stands."""
    name = comment_name(thread_id)
    opener = draft.get(name, StoredComment) or StoredComment(seen=0, article_id=article_id)
    draft.put(name, opener.model_copy(update={"thread_at": at}), StoredComment)


def _count(draft: ChangeSet, article_id: str, change: int) -> None:
    name = threads_name(article_id)
    front = draft.get(name, StoredThreadPage)
    if front is not None and change:
        counted = front.model_copy(update={"total": front.total + change})
        draft.put(name, None if paged_list.is_bare(counted) else counted, StoredThreadPage)


def _reply(event: CommentState) -> StoredReply:
    return StoredReply(
        id=event.id,
        parent_id=event.parent_id,
        name=event.name,
        website=event.website,
        body_html=event.body_html,
        created_at=event.created_at,
    )


def _keep(draft: ChangeSet, name: str) -> Touched:
    touched = tuple(changed for changed in draft.changes if not changed.startswith(comment_name("")))
    stored = draft.get(name, StoredComment)
    assert stored is not None, "a comment's rule has put its document"
    draft.put(name, stored.model_copy(update={"touched": touched}), StoredComment)
    return touched
