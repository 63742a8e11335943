"""Rules for comment events: the threads of an article. Pure.

Comments arrive in any order, since their topic is keyed by comment: a reply may come before its parent, even before the
opener of its thread. A thread is ordered by its opener's time as soon as that time is known.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from services.rendering.projector import best_rules
from services.rendering.projector.article_rules import Touched
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    StoredArticle,
    StoredComment,
    StoredDiscussion,
    StoredParent,
    StoredReply,
    StoredThread,
    StoredThreadPage,
)
from services.rendering.readmodel.names import article_name, comment_name, discussion_name, parent_name, threads_name
from services.rendering.readmodel.paged_list import PagedList, Position
from services.rendering.readmodel.snapshot import ChangeSet
from shared.events import CommentState

# Beyond this number each further reply gets a thread of its own, so that documents and pages stay bounded.
MOST_IN_THREAD = 100
_NEWEST = 1 << 60
_JUST_AFTER = timedelta(milliseconds=1)

Change = Callable[[Sequence[StoredReply]], Sequence[StoredReply]]


def project_comment(change_set: ChangeSet, event: CommentState) -> Touched:
    """Apply a comment's event unless it is outdated. Returns the names of all documents that the last event changed."""
    name = comment_name(event.id)
    _need_for_event(change_set, event)
    known = change_set.get(name, StoredComment) or StoredComment(seen=0, article_id=event.article_id)
    if known.erased or event.version <= known.seen:
        return known.touched
    article = change_set.get(article_name(event.article_id), StoredArticle)
    visible = event.status == "published" and not (article is not None and article.erased)
    if visible and known.visible:
        _replace_in_thread(change_set, known, event)
    else:
        _move(change_set, known, event, visible)
        _count(change_set, event.article_id, visible - known.visible)
    _rank(change_set, event, visible)
    if known.answered:
        _put_parent(change_set, event.id, event.name if visible else None)
    return _keep(change_set, name)


def erase_comment(change_set: ChangeSet, comment_id: str) -> Touched:
    """Erase a comment; its replies stay. Its id stays, so that an old event that arrives late cannot bring it back."""
    name = comment_name(comment_id)
    known = change_set.get(name, StoredComment) or StoredComment(seen=0)
    if known.erased:
        return known.touched
    change_set.put(name, known.model_copy(update={"erased": True, "visible": False}), StoredComment)
    _remove_from_thread(change_set, known, comment_id)
    if known.visible:
        _count(change_set, known.article_id, -1)
    if known.voted:
        best_rules.remove_opener(change_set, known.article_id, comment_id)
    if known.answered:
        _put_parent(change_set, comment_id, None)
    return _keep(change_set, name)


def _replace_in_thread(change_set: ChangeSet, known: StoredComment, event: CommentState) -> None:
    """Edits, votes and picks change a visible comment where it is: it keeps its thread and its page."""
    name, reply = comment_name(event.id), _reply(event)
    change_set.put(name, known.model_copy(update={"seen": event.version}), StoredComment)
    thread = _thread(change_set, event.article_id, known.thread_id)
    _set_comments(
        change_set, event.article_id, thread, lambda others: [reply if c.id == reply.id else c for c in others]
    )


def _move(change_set: ChangeSet, known: StoredComment, event: CommentState, visible: bool) -> None:
    """Take a comment out of its thread, and add it to one if it is visible now."""
    _remove_from_thread(change_set, known, event.id)
    update = {"seen": event.version, "created_at": event.created_at, "visible": False, "parent_id": event.parent_id}
    change_set.put(comment_name(event.id), known.model_copy(update=update), StoredComment)
    if event.id == event.root_id:
        _set_thread_time(change_set, event.article_id, event.id, event.created_at)
    if visible:
        _add_to_thread(change_set, event)
    else:
        # The thread may hold replies to this comment: their placeholder changes.
        thread = _thread(change_set, event.article_id, event.root_id)
        _set_comments(change_set, event.article_id, thread, lambda comments: comments)


def _rank(change_set: ChangeSet, event: CommentState, visible: bool) -> None:
    """Keep the opener of a thread among the best while readers see it and vote for it."""
    name = comment_name(event.id)
    known = change_set.get(name, StoredComment)
    is_voted = visible and event.id == event.root_id and event.votes.up > 0
    if known is None or not (is_voted or known.voted):
        return
    if is_voted:
        best_rules.put_opener(change_set, event.article_id, _reply(event))
    else:
        best_rules.remove_opener(change_set, event.article_id, event.id)
    change_set.put(name, known.model_copy(update={"voted": is_voted}), StoredComment)


def _need_for_event(change_set: ChangeSet, event: CommentState) -> None:
    change_set.need(
        {
            comment_name(event.id): StoredComment,
            comment_name(event.root_id): StoredComment,
            threads_name(event.article_id): StoredThreadPage,
            article_name(event.article_id): StoredArticle,
            discussion_name(event.article_id): StoredDiscussion,
        }
    )


def _remove_from_thread(change_set: ChangeSet, known: StoredComment, comment_id: str) -> None:
    if known.visible:
        thread = _thread(change_set, known.article_id, known.thread_id)
        _set_comments(change_set, known.article_id, thread, lambda others: [c for c in others if c.id != comment_id])


def _set_comments(change_set: ChangeSet, article_id: str, thread: StoredThread | None, change: Change) -> None:
    """Change the visible comments of a thread. Removes a thread without any; keeps placeholders for hidden parents."""
    if thread is None:
        return
    paged = paged_list.threads_of(article_id)
    visible = change([comment for comment in thread.comments if not comment.removed])
    hint = _hint(change_set, thread.id)
    if visible:
        comments = _with_placeholders(change_set, thread.id, visible)
        found = paged_list.insert(change_set, paged, thread.model_copy(update={"comments": comments}), hint)
        _record_thread(change_set, article_id, thread.id, thread.at, found)
    else:
        paged_list.remove(change_set, paged, thread.key, hint)
        _record_thread(change_set, article_id, thread.id, None)


def _with_placeholders(
    change_set: ChangeSet, thread_id: str, visible: Sequence[StoredReply]
) -> tuple[StoredReply, ...]:
    """Comments by time, with an empty placeholder for every hidden comment that has a visible reply."""
    comments = {comment.id: comment for comment in visible}
    answered = [comment.parent_id for comment in visible if comment.id != thread_id]
    while answered:
        name = answered.pop()
        known = None if name is None or name in comments else change_set.get(comment_name(name), StoredComment)
        if name is not None and known is not None and known.created_at is not None and not known.visible:
            comments[name] = StoredReply(
                id=name, parent_id=known.parent_id, name="", website=None, body_html="",
                created_at=known.created_at, removed=True,
            )  # fmt: skip
            answered.append(known.parent_id)
    return tuple(sorted(comments.values(), key=lambda comment: (comment.created_at, comment.id)))


def _set_thread_time(change_set: ChangeSet, article_id: str, thread_id: str, at: datetime) -> None:
    """Order a thread by its opener's time. Until the opener arrives, its first reply's time orders it."""
    thread = _thread(change_set, article_id, thread_id)
    if thread is not None and thread.at != at:
        paged = paged_list.threads_of(article_id)
        paged_list.remove(change_set, paged, thread.key, _hint(change_set, thread_id))
        _begin_thread(change_set, article_id, thread.model_copy(update={"at": at}))


def _add_to_thread(change_set: ChangeSet, event: CommentState) -> None:
    """Add a comment to its thread, or to a thread of its own if that one is full."""
    thread = _thread(change_set, event.article_id, event.root_id)
    thread_id = event.root_id
    if thread is not None and _has_room(change_set, event.article_id, thread):
        _set_comments(change_set, event.article_id, thread, lambda others: [*others, _reply(event)])
    else:
        thread_id = event.root_id if thread is None else event.id
        opener = change_set.get(comment_name(thread_id), StoredComment)
        at = opener.created_at if opener is not None and opener.created_at is not None else event.created_at
        comments = _with_placeholders(change_set, thread_id, [_reply(event)])
        _begin_thread(change_set, event.article_id, StoredThread(id=thread_id, at=at, comments=comments))
    name = comment_name(event.id)
    stored = change_set.get(name, StoredComment) or StoredComment(seen=event.version)
    change_set.put(name, stored.model_copy(update={"visible": True, "thread_id": thread_id}), StoredComment)
    if thread_id != event.root_id:
        # Its replies may be in the first thread, and its parent is never in this one.
        for answered in filter(None, (event.id, event.parent_id)):
            _note_answered(change_set, event.article_id, answered)


def _note_answered(change_set: ChangeSet, article_id: str, comment_id: str) -> None:
    """Keep the name of a comment that has replies in other threads, so that their pages need not read its thread."""
    name = comment_name(comment_id)
    known = change_set.get(name, StoredComment) or StoredComment(seen=0, article_id=article_id)
    thread = _thread(change_set, article_id, known.thread_id) if known.visible and not known.answered else None
    change_set.put(name, known.model_copy(update={"answered": True}), StoredComment)
    comment = None if thread is None else next((c for c in thread.comments if c.id == comment_id), None)
    if comment is not None:
        _put_parent(change_set, comment_id, comment.name)


def _put_parent(change_set: ChangeSet, comment_id: str, name: str | None) -> None:
    change_set.put(parent_name(comment_id), None if name is None else StoredParent(name=name), StoredParent)


def _begin_thread(change_set: ChangeSet, article_id: str, thread: StoredThread) -> None:
    """Insert a thread by its time; into the front if that page is full, since pages of threads are never split."""
    paged = paged_list.threads_of(article_id)
    position = paged_list.find_position(change_set, paged, thread.key, _NEWEST)
    if position.number is not None and not _page_has_room(paged, position):
        border = paged_list.front_of(change_set, paged).page.lower
        thread = thread.model_copy(update={"at": border[0] + _JUST_AFTER})
    hint = paged_list.insert(change_set, paged, thread, position.number or _NEWEST)
    _record_thread(change_set, article_id, thread.id, thread.at, hint)


def _has_room(change_set: ChangeSet, article_id: str, thread: StoredThread) -> bool:
    paged = paged_list.threads_of(article_id)
    position = paged_list.find_position(change_set, paged, thread.key, _hint(change_set, thread.id))
    return len(thread.comments) < MOST_IN_THREAD and (position.number is None or _page_has_room(paged, position))


def _page_has_room(paged: PagedList[StoredThread], position: Position[StoredThread]) -> bool:
    return paged_list.size_of(paged, position.page) < paged.page_limit


def _thread(change_set: ChangeSet, article_id: str, thread_id: str) -> StoredThread | None:
    opener = change_set.get(comment_name(thread_id), StoredComment)
    if opener is None or opener.thread_at is None:
        return None
    key = (opener.thread_at, thread_id)
    hint = _hint(change_set, thread_id)
    position = paged_list.find_position(change_set, paged_list.threads_of(article_id), key, hint)
    return next((thread for thread in position.page.entries if thread.key == key), None)


def _hint(change_set: ChangeSet, thread_id: str) -> int:
    """The number of a page near a thread."""
    opener = change_set.get(comment_name(thread_id), StoredComment)
    return _NEWEST if opener is None or not opener.thread_hint else opener.thread_hint


def _record_thread(change_set: ChangeSet, article_id: str, thread_id: str, at: datetime | None, hint: int = 0) -> None:
    """Record a thread's time and page at its opener, also before the opener's own event."""
    name = comment_name(thread_id)
    opener = change_set.get(name, StoredComment) or StoredComment(seen=0, article_id=article_id)
    change_set.put(name, opener.model_copy(update={"thread_at": at, "thread_hint": hint}), StoredComment)


def _count(change_set: ChangeSet, article_id: str, change: int) -> None:
    """Change the number of an article's comments. Its document is small: lists read one for each of their articles."""
    if not change:
        return
    name = discussion_name(article_id)
    known = change_set.get(name, StoredDiscussion) or StoredDiscussion()
    total = _take_total(change_set, article_id) if known.total is None else known.total
    change_set.put(name, known.model_copy(update={"total": total + change}), StoredDiscussion)


def _take_total(change_set: ChangeSet, article_id: str) -> int:
    """The number of comments in a read model of an earlier release, which kept it with the newest threads."""
    name = threads_name(article_id)
    front = change_set.get(name, StoredThreadPage) or StoredThreadPage()
    if front.total:
        without = front.model_copy(update={"total": 0})
        change_set.put(name, None if paged_list.is_unused(without) else without, StoredThreadPage)
    return front.total


def _reply(event: CommentState) -> StoredReply:
    return StoredReply(
        id=event.id,
        parent_id=event.parent_id,
        name=event.name,
        website=event.website,
        body_html=event.body_html,
        created_at=event.created_at,
        edited_at=event.edited_at,
        votes_up=event.votes.up,
        votes_down=event.votes.down,
        picked=event.picked,
    )


def _keep(change_set: ChangeSet, name: str) -> Touched:
    touched = tuple(changed for changed in change_set.changes if not changed.startswith(comment_name("")))
    stored = change_set.get(name, StoredComment)
    assert stored is not None, "a comment's rule has put its document"
    change_set.put(name, stored.model_copy(update={"touched": touched}), StoredComment)
    return touched
