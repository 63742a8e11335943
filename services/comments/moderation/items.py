"""Comments as moderators see them: with reasons, reports, the author's record, story, parent and last decision."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.comments.access.bans import Bans, BanSnapshot
from services.comments.model.moderation_records import AuthorRecord, Ban, BanKind
from services.comments.model.records import Comment, Contact
from services.comments.model.store import Store
from services.comments.moderation.queue_store import CommentedArticle, QueueStore
from shared.times import now

# The end of a ban without one.
FOR_EVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

ReportReasons = Callable[[Sequence[str]], Awaitable[Mapping[str, Mapping[str, int]]]]
"""Reads the open reports of comments by reason."""


@dataclass(frozen=True)
class AuthorView:
    """An author: `id` is empty when the address is not kept any more."""

    id: str
    record: AuthorRecord
    bans: Sequence[Ban]

    def end_of(self, kind: BanKind) -> datetime | None:
        """The end of the author's last ban or mute, None without one."""
        return max((ban.until or FOR_EVER for ban in self.bans if ban.kind == kind), default=None)


@dataclass(frozen=True)
class ItemView:
    """A comment with everything around it. `article` is None when no event of it has arrived."""

    comment: Comment
    reported: Mapping[str, int]
    author: AuthorView
    article: CommentedArticle | None
    parent: Comment | None


class Items:
    """Reads comments with everything around them, in a number of reads that does not depend on theirs. Raises Unavailable."""

    def __init__(self, store: Store, bans: Bans, reasons: ReportReasons) -> None:
        self._store = store
        self._stories = QueueStore(store.database).stories
        self._bans = bans
        self._reasons = reasons

    async def of(self, comment_ids: Sequence[str]) -> list[ItemView]:
        """The comments in this order, without those that do not exist."""
        if not comment_ids:
            return []
        comments, contacts, bans = await asyncio.gather(
            self._store.comments.by_ids(comment_ids), self._store.contacts.by_ids(comment_ids), self._bans.fresh()
        )
        found = list(comments.values())
        records, articles, parents, reported = await asyncio.gather(
            self._store.authors.records({contact.author for contact in contacts.values()}),
            self._stories({comment.article_id for comment in found}),
            self._store.comments.by_ids({comment.parent_id for comment in found if comment.parent_id is not None}),
            self._reported(found),
        )
        return [
            ItemView(
                comment,
                reported.get(comment.id, {}),
                _author(contacts.get(comment.id), records, bans),
                articles.get(comment.article_id),
                parents.get(comment.parent_id or ""),
            )
            for comment in (comments[comment_id] for comment_id in comment_ids if comment_id in comments)
        ]

    async def names(self, bans: Iterable[Ban]) -> Mapping[str, str]:
        """The names on the comments from which bans were made, by comment."""
        found = await self._store.comments.by_ids({ban.comment_id for ban in bans if ban.comment_id})
        return {comment.id: comment.name for comment in found.values()}

    async def _reported(self, comments: Iterable[Comment]) -> Mapping[str, Mapping[str, int]]:
        reported = [comment.id for comment in comments if comment.reports]
        return await self._reasons(reported) if reported else {}


def _author(contact: Contact | None, records: Mapping[str, AuthorRecord], bans: BanSnapshot) -> AuthorView:
    if contact is None:
        return AuthorView("", AuthorRecord(), ())
    found = bans.matching(contact.author, contact.network, contact.browser, now())
    return AuthorView(contact.author, records.get(contact.author, AuthorRecord()), found)
