"""New comments that are ready for their transaction, and the transaction of one or several together."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from services.comments.model.moderation_records import StatusChange
from services.comments.model.records import Comment, Contact
from services.comments.model.store import Store
from services.comments.notifications.notifications import Notifications
from services.comments.posting.batches import Batches
from services.comments.posting.contract import PostedComment
from services.comments.posting.repeat_store import RepeatStore
from services.comments.posting.repeats import Repeat
from shared.errors import Conflict, Unavailable
from shared.events import CommentState, Message, encode
from shared.http.idempotency import Answer, Claim
from shared.kafka.producer import check_size
from shared.mongo.collections import Session
from shared.outbox.store import row_of

# More would make the first one of them wait for the last one's text.
_MOST_TOGETHER = 32
# A transaction is some ten round trips: several at once use the time in which each waits.
_AT_ONCE = 2


@dataclass(frozen=True)
class NewCommit:
    """A comment with all that its transaction writes. `replaces`: an old entry under the repeat's key no longer counts."""

    comment: Comment
    contact: Contact
    language: str
    """The page's; empty when unknown."""
    posted: PostedComment
    answer: Answer
    claim: Claim | None
    event: CommentState
    message: Message
    repeat: Repeat
    replaces: bool

    def names(self) -> Iterable[str]:
        """Two commits with a name in common cannot both succeed, or write the same author's record."""
        return (self.repeat.key, self.contact.author, *(() if self.claim is None else (self.claim.id,)))


def encoded(comment: Comment) -> tuple[CommentState, Message]:
    """A comment's event and its message. Raises InvalidMessage when it is too large."""
    event = comment.event()
    message = encode(event)
    check_size(message)
    return event, message


class GroupCommit:
    """Commits comments that wait at the same moment in one transaction; a failure of one never harms the others."""

    def __init__(self, store: Store, repeats: RepeatStore, notifications: Notifications) -> None:
        self._store = store
        self._repeats = repeats
        self._notifications = notifications
        self._batches = Batches[NewCommit, None](
            "commit of comments", self._commit_all, most=_MOST_TOGETHER, at_once=_AT_ONCE, names_of=NewCommit.names
        )

    async def commit(self, wanted: NewCommit) -> None:
        """Commit. Raises DuplicateKeyError when the same comment or claim was faster, Conflict, and Unavailable: then the
        outcome is *unknown*.
        """
        try:
            await self._batches.do(wanted)
        except Unavailable:
            # Perhaps it is stored. Who finds nothing under a noted id leaves it out.
            self._store.queues.note(wanted.comment.id)
            if wanted.comment.status == "published":
                self._store.discussions.note_later([(wanted.comment.article_id, wanted.comment.id)])
            raise
        self._store.outbox.note_committed(wanted.event, follows=None)
        self._store.queues.note(wanted.comment.id)
        if wanted.contact.notify or (wanted.comment.parent_id is not None and wanted.comment.status == "published"):
            self._notifications.wake()

    async def _commit_all(self, commits: Sequence[NewCommit]) -> Sequence[Exception | None]:
        """Try all together. After an error that changed nothing, such as a conflict or a duplicate, try each half."""
        is_alone = len(commits) == 1
        try:
            await self._store.mongo.transaction(self._work(commits), conflicts_s=None if is_alone else 0.0)
        except Exception as error:  # each comment gets its own, or the one whose outcome is unknown
            is_unknown = isinstance(error, Unavailable) and not isinstance(error, Conflict)
            if is_alone or is_unknown:
                return [error] * len(commits)
            middle = len(commits) // 2
            return [*await self._commit_all(commits[:middle]), *await self._commit_all(commits[middle:])]
        return [None] * len(commits)

    def _work(self, commits: Sequence[NewCommit]) -> Callable[[Session], Awaitable[None]]:
        store = self._store

        async def work(session: Session) -> None:
            # First: a duplicate fails before the transaction has done any work.
            for commit in commits:
                await store.answers.keep(session, commit.claim, commit.answer, about=commit.comment.id)
            replaced = [commit.repeat.key for commit in commits if commit.replaces]
            await self._repeats.add([commit.repeat for commit in commits], replaced, session)
            await store.comments.add_all([commit.comment for commit in commits], session)
            await store.contacts.add([commit.contact for commit in commits], session)
            await store.authors.follow_all(map(_first_status, commits), session)
            await self._notify(commits, session)
            await store.outbox.add_rows(session, [row_of(commit.event, commit.message) for commit in commits])

        return work

    async def _notify(self, commits: Sequence[NewCommit], session: Session) -> None:
        for commit in commits:
            if commit.contact.notify:
                await self._notifications.subscribe(commit.comment.id, commit.contact.email, commit.language, session)
        published = [commit.comment for commit in commits if commit.comment.status == "published"]
        await self._notifications.enqueue_all(published, session)


def _first_status(commit: NewCommit) -> StatusChange:
    return StatusChange(commit.contact.author, commit.comment.id, None, commit.comment.status, is_automatic=True)
