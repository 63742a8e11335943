"""Posts a reader's comment: from checked fields to a committed answer."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.comments.access.room import no_room
from services.comments.access.writer_cookie import browser_of, writer_of
from services.comments.model.contract import CommentAnswer
from services.comments.model.records import ArticleCopy, Comment, Contact, ModerationRule, author_of
from services.comments.model.rules import can_be_answered
from services.comments.model.store import Store
from services.comments.model.text import to_html
from services.comments.notifications.notifications import Notifications
from services.comments.pipeline.author_message import author_message
from services.comments.pipeline.facts import Facts, Verdict
from services.comments.posting.batches import Batches
from services.comments.posting.commits import GroupCommit, NewCommit, encoded
from services.comments.posting.contract import NewComment, PostedComment
from services.comments.posting.knowledge import Knowledge, KnowledgeReader, Question
from services.comments.posting.repeat_store import RepeatStore
from services.comments.posting.repeats import Repeat, Sender, repeat_keys, text_of
from services.comments.posting.verdicts import Judge
from shared.http.bearer import hash_token
from shared.http.idempotency import Answer, Claim
from shared.http.problems import field_problem
from shared.ids import made_at, new_id
from shared.mongo.collections import DuplicateKeyError, Session
from shared.times import now

AnswerBuilder = Callable[[PostedComment, ArticleCopy], Answer]
"""Builds the writer's answer for a stored comment."""

_MOST_NOTES = 100


@dataclass(frozen=True)
class Submission:
    """A checked comment before it is stored."""

    article: ArticleCopy
    sent: NewComment
    claim: Claim | None
    answer: AnswerBuilder
    sender: Sender
    can_wait: bool = True
    """Whether there is room for another comment that waits for a moderator."""


@dataclass(frozen=True)
class Outcome:
    """The answer for a comment. `is_new`: it was stored now; the same text again has the first answer."""

    answer: Answer
    posted: PostedComment
    is_new: bool


class Posting:
    """Takes readers' comments. All methods raise Unavailable; whether a comment was stored is then unknown."""

    def __init__(
        self,
        store: Store,
        repeats: RepeatStore,
        knowledge: KnowledgeReader,
        judge: Judge,
        notifications: Notifications,
    ) -> None:
        self._store = store
        self._knowledge = knowledge
        self._judge = judge
        self._commits = GroupCommit(store, repeats, notifications)
        self._notes = Batches[tuple[str, str], None]("versions of discussions", self._note_all, most=_MOST_NOTES)

    async def post(self, submission: Submission) -> Outcome:
        """Store the comment.

        422 for a wrong parent; 503 for a comment that would have to wait while there is no room.
        """
        question = _question(submission)
        muted_until = await self._judge.admit(question.author, submission.sender)
        known = await self._knowledge.read(question)
        repeat = known.repeat(now())
        if repeat is None:
            try:
                return await self._post_new(submission, known, muted_until)
            except DuplicateKeyError:
                # The same comment or the same claim was faster, perhaps in another process.
                repeat = (await self._knowledge.read(question)).repeat(now())
                if repeat is None:
                    raise
        return await self._post_again(submission, repeat)

    async def _post_new(self, submission: Submission, known: Knowledge, muted_until: datetime | None) -> Outcome:
        _check_parent(submission, known.parent)
        comment_id = new_id()
        facts = replace(_facts(submission, known), muted_until=muted_until)
        rule, verdict = await self._judge.verdict(facts, comment_id)
        if verdict.status == "pending" and not submission.can_wait:
            raise no_room("waiting")
        commit = _prepare(submission, known, comment_id, rule, verdict)
        await self._commits.commit(commit)
        if commit.comment.status == "published":
            await self._notes.do((commit.comment.article_id, comment_id))
        return Outcome(commit.answer, commit.posted, is_new=True)

    async def _post_again(self, submission: Submission, repeat: Repeat) -> Outcome:
        posted = PostedComment.model_validate_json(repeat.posted)
        answer = submission.answer(posted, submission.article)

        async def keep(session: Session) -> None:
            await self._store.answers.keep(session, submission.claim, answer, about=repeat.comment_id)

        if submission.claim is not None:
            await self._store.mongo.transaction(keep)
        await self.note_again(posted)
        return Outcome(answer, posted, is_new=False)

    async def note_again(self, posted: PostedComment) -> None:
        """Note a comment whose answer is repeated: the process that stored it may have ended before its note."""
        self._store.queues.note(posted.id)
        self._store.outbox.wake()
        if posted.status == "published":
            await self._notes.do((posted.article_id, posted.id))

    async def _note_all(self, changed: Sequence[tuple[str, str]]) -> Sequence[None]:
        by_article: dict[str, list[str]] = {}
        for article_id, comment_id in changed:
            by_article.setdefault(article_id, []).append(comment_id)
        for article_id, comment_ids in by_article.items():
            await self._store.discussions.note(article_id, *comment_ids)
        return [None] * len(changed)


def _question(submission: Submission) -> Question:
    sent, article_id = submission.sent, submission.article.id
    author = author_of(sent.email)
    return Question(
        article_id=article_id,
        parent_id=sent.parent_id,
        author=author,
        writer="" if submission.sender.is_new else writer_of(submission.sender.token, sent.email),
        text=text_of(author, sent.body),
        keys=repeat_keys(submission.sender, article_id, sent),
    )


def _check_parent(submission: Submission, parent: Comment | None) -> None:
    if submission.sent.parent_id is None:
        return
    if parent is None or parent.article_id != submission.article.id or not can_be_answered(parent.status):
        raise field_problem("/parent_id", "There is no such comment under this article.")


def _facts(submission: Submission, known: Knowledge) -> Facts:
    sent = submission.sent
    return Facts(
        name=sent.name,
        website=sent.website,
        body=sent.body,
        trusted=known.is_trusted,
        author=known.record,
        parent=None if known.parent is None else known.parent.status,
        mode=submission.article.discussion.mode,
        repeats=known.repeats,
        seconds_on_form=sent.seconds,
        trap=sent.contact_me,
        article_id=submission.article.id,
        language=submission.article.language,
    )


def _prepare(
    submission: Submission, known: Knowledge, comment_id: str, rule: ModerationRule, verdict: Verdict
) -> NewCommit:
    comment = _comment(submission, known.parent, comment_id, verdict)
    token, until = secrets.token_urlsafe(32), comment.created_at + timedelta(seconds=rule.edit_window_s)
    posted = PostedComment(
        **CommentAnswer.of(comment).model_dump(),
        edit_token=token,
        edit_until=until,
        message=author_message(verdict, submission.article.language),
    )
    answer = submission.answer(posted, submission.article)
    key = repeat_keys(submission.sender, comment.article_id, submission.sent)[0]
    event, message = encoded(comment)
    return NewCommit(
        comment=comment,
        contact=_contact(submission, comment, token, until),
        posted=posted,
        answer=answer,
        language=submission.article.language,
        claim=submission.claim,
        event=event,
        message=message,
        repeat=Repeat(key, comment_id, posted.model_dump_json().encode(), comment.created_at),
        replaces=any(repeat.key == key for repeat in known.stored),
    )


def _comment(submission: Submission, parent: Comment | None, comment_id: str, verdict: Verdict) -> Comment:
    sent = submission.sent
    return Comment(
        id=comment_id,
        version=1,
        article_id=submission.article.id,
        parent_id=parent.id if parent else None,
        root_id=parent.root_id if parent else comment_id,
        name=sent.name,
        website=sent.website,
        body=sent.body,
        body_html=to_html(sent.body),
        status=verdict.status,
        created_at=made_at(comment_id),
        spam=verdict.spam,
        reasons=verdict.reasons,
    )


def _contact(submission: Submission, comment: Comment, token: str, until: datetime) -> Contact:
    sender, email = submission.sender, submission.sent.email
    author = author_of(email)
    return Contact(
        id=comment.id,
        email=email,
        author=author,
        writer=writer_of(sender.token, email),
        at=comment.created_at,
        browser=browser_of(sender.token),
        visitor=sender.visitor.id,
        network=sender.visitor.network,
        network_at=comment.created_at if sender.visitor.network else None,
        edit_hash=hash_token(token),
        edit_until=until,
        article_id=comment.article_id,
        text=text_of(author, comment.body),
        notify=submission.sent.notify,
    )
