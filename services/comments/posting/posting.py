"""Posts a reader's comment: from checked fields to a committed answer."""

from collections.abc import Callable
from dataclasses import dataclass

from services.comments.access.room import no_room
from services.comments.access.visitors import Visitor
from services.comments.access.writer_cookie import browser_of, writer_of
from services.comments.model import rules
from services.comments.model.records import ArticleCopy, Comment, Contact, author_of
from services.comments.model.rules import Status
from services.comments.model.store import Store
from services.comments.model.text import to_html
from services.comments.pipeline.decide import decide
from services.comments.pipeline.facts import Facts
from services.comments.posting.contract import NewComment
from shared.http.idempotency import Answer, Claim
from shared.http.problems import field_problem
from shared.ids import made_at, new_id
from shared.mongo.collections import Session

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
    visitor: Visitor
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
        rule = await store.rules.current(session)
        facts = Facts(
            name=submission.sent.name,
            website=submission.sent.website,
            body=submission.sent.body,
            trusted=trusted,
            parent=_status(parent),
        )
        verdict = decide(facts, rule)
        if verdict.status == "pending" and not submission.can_wait:
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
            status=verdict.status,
            created_at=made_at(comment_id),
            spam=verdict.spam,
            reasons=verdict.reasons,
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
    await store.contacts.add([_contact(submission, comment)], session)
    await store.outbox.add(session, comment.event())
    await store.answers.keep(session, submission.claim, answer, about=comment.id)
    return answer


def _contact(submission: Submission, comment: Comment) -> Contact:
    email = submission.sent.email
    return Contact(
        id=comment.id,
        email=email,
        author=author_of(email),
        writer=writer_of(submission.token, email),
        at=comment.created_at,
        browser=browser_of(submission.token),
        visitor=submission.visitor.id,
        network=submission.visitor.network,
        network_at=comment.created_at if submission.visitor.network else None,
    )


async def _parent(store: Store, submission: Submission, session: Session) -> Comment | None:
    if submission.sent.parent_id is None:
        return None
    parent = await store.comments.find(submission.sent.parent_id, session)
    if parent is None or parent.article_id != submission.article.id or not rules.can_be_answered(parent.status):
        raise field_problem("/parent_id", "There is no such comment under this article.")
    return parent


def _status(parent: Comment | None) -> Status | None:
    return None if parent is None else parent.status
