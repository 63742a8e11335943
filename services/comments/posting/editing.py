"""Changes of a comment by its writer, within the time for it: another text, or deletion."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from services.comments.model.contract import CommentAnswer
from services.comments.model.records import ArticleCopy, Comment, Contact
from services.comments.model.store import Store
from services.comments.notifications.notifications import Notifications
from services.comments.pipeline.author_message import author_message
from services.comments.pipeline.facts import Facts, Verdict
from services.comments.posting.contract import OwnComment
from services.comments.posting.edit_rules import check_editable, edited, emptied, verdict_of
from services.comments.posting.knowledge import KnowledgeReader, Question
from services.comments.posting.repeat_store import RepeatStore
from services.comments.posting.repeats import Sender, text_of
from services.comments.posting.verdicts import Judge
from shared.errors import Problem, Unavailable
from shared.mongo.collections import Session
from shared.times import now

Result = TypeVar("Result")

_MOST_TRIES = 3


@dataclass(frozen=True)
class Own:
    """A comment with what only its writer may know."""

    comment: Comment
    contact: Contact
    article: ArticleCopy

    def answer(self) -> OwnComment:
        """The comment as its writer sees it."""
        comment, until = self.comment, self.contact.edit_until or self.comment.created_at
        message = author_message(verdict_of(comment), self.article.language)
        return OwnComment(**CommentAnswer.of(comment).model_dump(), edit_until=until, message=message)


class Editing:
    """Edits and deletes comments for their writers. Methods raise Unavailable."""

    def __init__(
        self,
        store: Store,
        repeats: RepeatStore,
        knowledge: KnowledgeReader,
        judge: Judge,
        notifications: Notifications,
    ) -> None:
        self._store = store
        self._repeats = repeats
        self._knowledge = knowledge
        self._judge = judge
        self._notifications = notifications

    async def find(self, comment_id: str) -> Own:
        """The comment; 404 when there is none, or its writer is not known any more."""
        comment, contact = await self._store.comments.find(comment_id), await self._store.contacts.find(comment_id)
        article = None if comment is None else await self._store.articles.find(comment.article_id)
        if comment is None or contact is None or article is None:
            raise Problem(404, "There is no such comment.")
        return Own(comment, contact, article)

    async def edit(self, own: Own, body: str, sender: Sender) -> Own:
        """The comment with another text and the pipeline's verdict about it; the same text changes nothing.

        410 for a removed comment, 403 for one that a moderator rejected, and for a banned writer.
        """
        for _ in range(_MOST_TRIES):
            check_editable(own.comment)
            if body == own.comment.body:
                # It may repeat an edit whose process ended before its note.
                await self._note_again(own.comment)
                return own
            verdict = await self._verdict(own, body, sender)
            changed = await self._commit(own, partial(self._write, own, body, verdict, now()))
            if changed is not None:
                await self._note(own.comment, changed)
                return replace(own, comment=changed)
            # A moderator decided meanwhile: the edit starts again from there.
            own = await self.find(own.comment.id)
        raise Problem(409, "The comment is changed by somebody else at this moment.")

    async def delete(self, own: Own) -> None:
        """Remove the comment and erase its text and name everywhere. One that was emptied already stays as it is.

        A moderator's removal keeps the text for an undo, so it is erased too, and counts in the author's record as before.
        """

        async def work(session: Session) -> tuple[Comment, Comment] | None:
            before = await self._store.comments.find(own.comment.id, session)
            if before is None or (before.status == "removed" and not before.body):
                return None
            after = emptied(before)
            await self._store.comments.replace(after, session)
            await self._store.contacts.change(after.id, {"approved": False, "text": ""}, session)
            if before.status != "removed":
                await self._store.authors.follow(own.contact.author, after.id, before.status, None, session)
            await self._store.answers.erase(after.id, session)
            await self._repeats.forget(after.id, session)
            await self._store.outbox.add(session, after.event())
            return before, after

        changed = await self._commit(own, work)
        if changed is None:
            await self._note_again(own.comment)
        else:
            await self._note(*changed)

    async def _commit(self, own: Own, work: Callable[[Session], Awaitable[Result]]) -> Result:
        try:
            return await self._store.mongo.transaction(work)
        except Unavailable:
            # Perhaps it is stored.
            self._store.queues.note(own.comment.id)
            self._store.discussions.note_later([(own.comment.article_id, own.comment.id)])
            raise

    async def _write(self, own: Own, body: str, verdict: Verdict, at: datetime, session: Session) -> Comment | None:
        """Store an edit; None when the comment is not the judged one any more."""
        store, contact = self._store, own.contact
        before = await store.comments.find(own.comment.id, session)
        if before is None or (before.status, before.body) != (own.comment.status, own.comment.body):
            return None
        after = edited(before, body, verdict, at)
        fields: dict[str, object] = {"text": text_of(contact.author, body)}
        if after.status != "published":
            fields["approved"] = False  # a moderator approved another text
        await store.comments.replace(after, session)
        await store.contacts.change(after.id, fields, session)
        await store.authors.follow(contact.author, after.id, before.status, after.status, session, is_automatic=True)
        if after.status == "published" != before.status:
            await self._notifications.enqueue(after, session)
        await store.outbox.add(session, after.event())
        return after

    async def _verdict(self, own: Own, body: str, sender: Sender) -> Verdict:
        comment, contact = own.comment, own.contact
        muted_until = await self._judge.admit(contact.author, sender)
        known = await self._knowledge.read(
            Question(
                article_id=comment.article_id,
                parent_id=comment.parent_id,
                author=contact.author,
                writer=contact.writer,
                text=text_of(contact.author, body),
            )
        )
        facts = Facts(
            name=comment.name,
            website=comment.website,
            body=body,
            trusted=known.is_trusted,
            author=known.record,
            parent=None if known.parent is None else known.parent.status,
            mode=own.article.discussion.mode,
            repeats=known.repeats,
            muted_until=muted_until,
            is_edit=True,
            article_id=comment.article_id,
            language=own.article.language,
        )
        return (await self._judge.verdict(facts, comment.id))[1]

    async def _note_again(self, comment: Comment) -> None:
        self._store.queues.note(comment.id)
        self._store.outbox.wake()
        await self._store.discussions.note(comment.article_id, comment.id)

    async def _note(self, before: Comment, after: Comment) -> None:
        self._store.outbox.note_committed(after.event(), follows=before.version)
        self._store.queues.note(after.id)
        self._notifications.wake()
        if "published" in (before.status, after.status):
            await self._store.discussions.note(after.article_id, after.id)


def is_in_time(own: Own) -> bool:
    """Whether the writer may still change the comment."""
    return own.contact.edit_until is not None and now() < own.contact.edit_until
