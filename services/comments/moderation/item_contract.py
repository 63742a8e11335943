"""Comments in answers to moderators."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel

from services.comments.model.contract import CommentAnswer
from services.comments.model.moderation_records import Decided
from services.comments.model.rules import AuditAction
from services.comments.moderation.ban_contract import BanAnswer
from services.comments.moderation.items import AuthorView, ItemView
from shared.times import UtcDatetime

_LONGEST_PARENT = 500


class ReasonAnswer(BaseModel):
    """Why a phase of the moderation held or rejected a comment. `match`: the text that it found, as typed."""

    phase: str
    detail: str
    match: str


class AuthorAnswer(BaseModel):
    """An author's record. `id` names the author in the stores, and is empty when the address is not kept any more.

    `banned_until` and `muted_until` are null without a ban, and 9999-12-31T23:59:59.000Z for one without an end.
    """

    id: str
    published: int
    rejected: int
    removed: int
    verified: bool
    banned_until: UtcDatetime | None
    muted_until: UtcDatetime | None

    @classmethod
    def of(cls, author: AuthorView) -> Self:
        """The answer for an author."""
        record = author.record
        return cls(
            id=author.id,
            published=record.published,
            rejected=record.rejected,
            removed=record.removed,
            verified=record.verified_at is not None,
            banned_until=author.end_of("ban"),
            muted_until=author.end_of("mute"),
        )


class StoryAnswer(BaseModel):
    """The article of a comment."""

    headline: str
    url: str


class ParentAnswer(BaseModel):
    """The comment that this one answers; its text is cut at 500 characters."""

    id: str
    name: str
    body: str


class LastDecision(BaseModel):
    """The last decision about a comment."""

    by: str
    at: UtcDatetime
    action: AuditAction

    @classmethod
    def of(cls, decided: Decided | None) -> "Self | None":
        """The answer for a decision, None without one."""
        return None if decided is None else cls(by=decided.by, at=decided.at, action=decided.action)


class ModeratedComment(CommentAnswer):
    """A comment for moderators. `reports` is their number since the last decision, `reported` the same by reason."""

    spam: bool
    reasons: list[ReasonAnswer]
    reports: int
    reported: dict[str, int]
    author: AuthorAnswer
    article: StoryAnswer | None
    parent: ParentAnswer | None
    decided: LastDecision | None

    @classmethod
    def item(cls, view: ItemView) -> Self:
        """The answer for a comment with everything around it."""
        comment, parent, article = view.comment, view.parent, view.article
        return cls(
            **CommentAnswer.of(comment).model_dump(),
            spam=comment.spam,
            reasons=[ReasonAnswer(phase=one.phase, detail=one.detail, match=one.match) for one in comment.reasons],
            reports=comment.reports,
            reported=dict(view.reported),
            author=AuthorAnswer.of(view.author),
            article=None if article is None else StoryAnswer(headline=article.headline, url=article.url),
            parent=None
            if parent is None
            else ParentAnswer(id=parent.id, name=parent.name, body=_shortened(parent.body)),
            decided=LastDecision.of(comment.decided),
        )


class WholeComment(ModeratedComment):
    """A comment for a moderator who looks at it alone. `notes`: the newest 20 of its reports. `url`: null without the article."""

    url: str | None
    notes: list[str]

    @classmethod
    def whole(cls, view: ItemView, notes: Sequence[str]) -> Self:
        """The answer for a comment, with the notes of its reports."""
        comment, article = view.comment, view.article
        url = None if article is None else f"{article.url}?comment={comment.id}#comment-{comment.id}"
        return cls(**ModeratedComment.item(view).model_dump(), url=url, notes=list(notes))


class AuthorHistory(BaseModel):
    """An author's record, the bans in force, and the last comments, newest first."""

    author: AuthorAnswer
    bans: list[BanAnswer]
    items: list[ModeratedComment]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_PARENT else text[: _LONGEST_PARENT - 1] + "…"
