"""One reader's comment, from checked fields to a committed answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from services.comments import rules
from services.comments.contract import NewComment
from services.comments.rules import Status
from services.comments.store import Article, Comment, Store
from services.comments.text import to_html
from shared.errors import Problem, Unavailable
from shared.http.idempotency import Answer, Claim
from shared.http.problems import field_problem
from shared.ids import made_at, new_id
from shared.mongo.collections import Session

# An article's event is here some tens of milliseconds after its publication; whoever reads faster is not told 404.
_PATIENCE_S = 1.5
_LOOK_EVERY_S = 0.1
# So many requests may wait for an article at once; strangers who guess ids are answered at once past that.
_MOST_WAITING = 32


class ArticleLookup:
    """Finds articles, with a little patience for one that was published a moment ago.

    `is_whole` says whether this service's copy has all that is in the log: while it has not, an article that is not in it
    may still exist.
    """

    def __init__(self, store: Store, is_whole: Callable[[], bool]) -> None:
        self._articles = store.articles
        self._is_whole = is_whole
        self._waiting = 0

    async def readable(self, article_id: str) -> Article:
        """The article if readers can see it: 404 when it is unknown, 410 when it was withdrawn, Unavailable if unsure."""
        article = await self._articles.find(article_id) or await self._wait_for(article_id)
        if article is None and not self._is_whole():
            raise Unavailable("the copy of articles.v1 is not whole yet")
        if article is None:
            raise Problem(404, "There is no such article.")
        if article.status == "withdrawn":
            raise Problem(410, "The article was withdrawn.")
        return article

    async def open_for_comments(self, article_id: str) -> Article:
        """As `readable`; 403 when the discussion is closed."""
        article = await self.readable(article_id)
        if not article.comments_open:
            raise Problem(403, "The discussion of this article is closed.")
        return article

    async def _wait_for(self, article_id: str) -> Article | None:
        if self._waiting >= _MOST_WAITING:
            return None
        self._waiting += 1
        try:
            deadline = monotonic() + _PATIENCE_S
            article = None
            while article is None and monotonic() < deadline:
                await asyncio.sleep(_LOOK_EVERY_S)
                article = await self._articles.find(article_id)
            return article
        finally:
            self._waiting -= 1


Answering = Callable[[Comment, Article], Answer]
"""What the writer is answered once the comment is kept."""


@dataclass(frozen=True)
class Draft:
    """A comment that is about to be written."""

    article: Article
    sent: NewComment
    claim: Claim | None
    answer: Answering


async def post(store: Store, draft: Draft) -> Answer:
    """Write the comment, its writer's address, its event and the answer in one transaction. 422 for a wrong parent."""
    comment_id, body_html = new_id(), to_html(draft.sent.body)

    async def work(session: Session) -> tuple[Answer, Comment]:
        parent = await _parent(store, draft, session)
        known = await store.contacts.is_known(draft.sent.email, session)
        mode = (await store.rules.current(session)).mode
        comment = Comment(
            id=comment_id,
            version=1,
            article_id=draft.article.id,
            parent_id=parent.id if parent else None,
            root_id=parent.root_id if parent else comment_id,
            name=draft.sent.name,
            website=draft.sent.website,
            body=draft.sent.body,
            body_html=body_html,
            status=rules.first_status(mode, known=known, parent=_status(parent)),
            created_at=made_at(comment_id),
        )
        return await _write(store, draft, comment, session), comment

    answer, comment = await store.mongo.transaction(work)
    store.outbox.note_committed(comment.event(), follows=None)
    return answer


async def _write(store: Store, draft: Draft, comment: Comment, session: Session) -> Answer:
    answer = draft.answer(comment, draft.article)
    await store.comments.add(comment, session)
    await store.contacts.add(comment, draft.sent.email, session)
    await store.outbox.add(session, comment.event())
    await store.answers.keep(session, draft.claim, answer)
    return answer


async def _parent(store: Store, draft: Draft, session: Session) -> Comment | None:
    if draft.sent.parent_id is None:
        return None
    parent = await store.comments.find(draft.sent.parent_id, session)
    if parent is None or parent.article_id != draft.article.id or not rules.can_be_answered(parent.status):
        raise field_problem("/parent_id", "There is no such comment under this article.")
    return parent


def _status(parent: Comment | None) -> Status | None:
    return None if parent is None else parent.status
