"""Posts a reader's comment: from checked fields to a committed answer."""

from collections.abc import Callable
from dataclasses import dataclass

from services.comments import rules
from services.comments.contract import NewComment
from services.comments.records import ArticleCopy, Comment
from services.comments.room import no_room
from services.comments.rules import Status
from services.comments.shared_reads import SharedReads
from services.comments.store import Store
from services.comments.text import to_html
from services.comments.writer_cookie import writer_of
from shared.arrival import find_arriving
from shared.errors import Problem, Unavailable
from shared.http.idempotency import Answer, Claim
from shared.http.problems import field_problem
from shared.ids import made_at, new_id
from shared.mongo.collections import Session

# Limit of waiting requests. Above it, requests for unknown ids get their answer without a wait.
_MOST_WAITING = 32


class ArticleLookup:
    """Finds articles, and waits up to 1.5 s for one that was published a moment ago.

    `is_whole`: this service's copy has the whole log. While it has not, a missing article may still exist.
    """

    def __init__(self, store: Store, is_whole: Callable[[], bool]) -> None:
        self._articles = store.articles
        self._found = SharedReads(store.articles.find)
        self._is_whole = is_whole
        self._waiting = 0

    async def readable(self, article_id: str) -> ArticleCopy:
        """The article if it is public; 404 if unknown, 410 if withdrawn, Unavailable if the copy is not whole."""
        article = await self._found.get(article_id) or await self._wait_for(article_id)
        if article is None and not self._is_whole():
            raise Unavailable("the copy of articles.v1 is not complete yet")
        if article is None:
            raise Problem(404, "There is no such article.")
        if article.status == "withdrawn":
            raise Problem(410, "The article was withdrawn.")
        return article

    async def open_for_comments(self, article_id: str) -> ArticleCopy:
        """As `readable`; 403 when the discussion is closed."""
        article = await self.readable(article_id)
        if not article.comments_open:
            raise Problem(403, "The discussion of this article is closed.")
        return article

    async def _wait_for(self, article_id: str) -> ArticleCopy | None:
        if self._waiting >= _MOST_WAITING:
            return None
        self._waiting += 1
        try:
            return await find_arriving(lambda: self._articles.find(article_id))
        finally:
            self._waiting -= 1


AnswerBuilder = Callable[[Comment, ArticleCopy], Answer]
"""Builds the writer's answer for a stored comment."""


@dataclass(frozen=True)
class Submission:
    """A checked comment before it is stored."""

    article: ArticleCopy
    sent: NewComment
    claim: Claim | None
    answer: AnswerBuilder
    token: str
    """The token of the writer's browser."""
    can_wait: bool = True
    """Whether there is room for another comment that waits for a moderator."""


async def post(store: Store, submission: Submission) -> Answer:
    """Store the comment, its writer's address, its event and the answer in one transaction.

    422 for a wrong parent; 503 for a comment that would have to wait while there is no room.
    """
    comment_id, body_html = new_id(), to_html(submission.sent.body)
    writer = writer_of(submission.token, submission.sent.email)

    async def work(session: Session) -> tuple[Answer, Comment]:
        parent = await _parent(store, submission, session)
        trusted = await store.contacts.is_trusted(writer, session)
        mode = (await store.rules.current(session)).mode
        status = rules.first_status(mode, trusted=trusted, parent=_status(parent))
        if status == "pending" and not submission.can_wait:
            raise no_room("waiting")
        comment = Comment(
            id=comment_id,
            version=1,
            article_id=submission.article.id,
            parent_id=parent.id if parent else None,
            root_id=parent.root_id if parent else comment_id,
            name=submission.sent.name,
            website=submission.sent.website,
            body=submission.sent.body,
            body_html=body_html,
            status=status,
            created_at=made_at(comment_id),
        )
        return await _write(store, submission, comment, session), comment

    answer, comment = await store.mongo.transaction(work)
    store.outbox.note_committed(comment.event(), follows=None)
    if comment.status == "published":
        await store.discussions.note(comment.article_id, comment.id)
    return answer


async def _write(store: Store, submission: Submission, comment: Comment, session: Session) -> Answer:
    answer = submission.answer(comment, submission.article)
    await store.comments.add(comment, session)
    await store.contacts.add(
        comment.id, submission.sent.email, writer_of(submission.token, submission.sent.email), session
    )
    await store.outbox.add(session, comment.event())
    await store.answers.keep(session, submission.claim, answer, about=comment.id)
    return answer


async def _parent(store: Store, submission: Submission, session: Session) -> Comment | None:
    if submission.sent.parent_id is None:
        return None
    parent = await store.comments.find(submission.sent.parent_id, session)
    if parent is None or parent.article_id != submission.article.id or not rules.can_be_answered(parent.status):
        raise field_problem("/parent_id", "There is no such comment under this article.")
    return parent


def _status(parent: Comment | None) -> Status | None:
    return None if parent is None else parent.status
