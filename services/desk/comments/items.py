"""A comment as the moderators' pages show it, from an answer of comments. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime

from services.desk.comments.text import Piece, beginning, pieces
from services.desk.visit import moment_of

# Decisions by state, in the order of their buttons.
_ACTIONS: Mapping[str, Sequence[str]] = {
    "pending": ("approve", "reject", "spam", "remove"),
    "reported": ("approve", "reject", "spam", "remove"),
    "published": ("reject", "spam", "remove"),
    "rejected": ("approve", "spam"),
    "spam": ("approve", "reject"),
}


@dataclass(frozen=True)
class HoldReason:
    """Why a phase held or rejected the comment. `detail` is English; `match` is the text that it found, empty without one."""

    phase: str
    detail: str
    match: str


@dataclass(frozen=True)
class CommentAuthor:
    """The record of the author's earlier comments."""

    id: str
    published: int
    rejected: int
    removed: int
    is_verified: bool
    banned_until: datetime | None
    muted_until: datetime | None

    @property
    def is_new(self) -> bool:
        """Whether nothing of the author was decided before."""
        return self.published + self.rejected + self.removed == 0


@dataclass(frozen=True)
class CommentParent:
    """The comment that this one answers. Its text may be shortened."""

    id: str
    name: str
    body: str


@dataclass(frozen=True)
class Decided:
    """The last decision of a moderator."""

    by: str
    action: str
    at: datetime | None


@dataclass(frozen=True)
class ModeratedComment:
    """One comment."""

    id: str
    version: str
    status: str
    name: str
    website: str
    body: str
    created_at: datetime | None
    edited_at: datetime | None
    is_spam: bool
    is_picked: bool
    reasons: Sequence[HoldReason]
    reports: int
    reported: Mapping[str, int]
    author: CommentAuthor | None
    article_id: str
    headline: str
    article_url: str
    parent: CommentParent | None
    decided: Decided | None

    @property
    def state(self) -> str:
        """The status; `reported` and `spam` are states of their own."""
        if self.is_spam and self.status == "rejected":
            return "spam"
        return "reported" if self.reports and self.status == "published" else self.status

    @property
    def actions(self) -> Sequence[str]:
        """The decisions that its state allows."""
        return _ACTIONS.get(self.state, ())

    @property
    def matches(self) -> Sequence[str]:
        """The texts that phases found."""
        return [reason.match for reason in self.reasons if reason.match]

    @property
    def text(self) -> Sequence[Piece]:
        """The whole text, with the matches apart."""
        return pieces(self.body, self.matches)

    @property
    def first_lines(self) -> Sequence[Piece]:
        """The beginning of a long text; empty when the text is short."""
        start = beginning(self.body)
        return () if start == self.body else pieces(start, self.matches)

    @property
    def public_path(self) -> str:
        """The address of the comment for readers; empty where it has none."""
        is_shown = self.status == "published" and self.article_url
        return f"{self.article_url}?comment={self.id}#comment-{self.id}" if is_shown else ""


def comment_of(item: Mapping[str, object]) -> ModeratedComment:
    """A comment from an item of a list. Missing facts are left out of the page."""
    article, parent, decided = _object(item, "article"), _object(item, "parent"), _object(item, "decided")
    reported = _object(item, "reported")
    return ModeratedComment(
        id=str(item["id"]),
        version=str(item.get("version", "")),
        status=text_of(item, "status"),
        name=text_of(item, "name"),
        website=text_of(item, "website"),
        body=text_of(item, "body"),
        created_at=moment_of(item.get("created_at")),
        edited_at=moment_of(item.get("edited_at")),
        is_spam=bool(item.get("spam")),
        is_picked=bool(item.get("picked")),
        reasons=[_reason(one) for one in objects_of(item, "reasons")],
        reports=number_of(item, "reports"),
        reported={name: number_of(reported, name) for name in reported},
        author=author_of(_object(item, "author")),
        article_id=text_of(item, "article_id"),
        headline=text_of(article, "headline"),
        article_url=_path(text_of(article, "url")),
        parent=CommentParent(text_of(parent, "id"), text_of(parent, "name"), text_of(parent, "body"))
        if parent
        else None,
        decided=decided_of(decided),
    )


def is_for_ever(until: datetime | None) -> bool:
    """Whether a ban has no end: comments then answers with the last year of the calendar."""
    return until is None or until.year == MAXYEAR


def author_of(found: Mapping[str, object]) -> CommentAuthor | None:
    """An author's record; None where there is none."""
    if not found:
        return None
    return CommentAuthor(
        id=text_of(found, "id"),
        published=number_of(found, "published"),
        rejected=number_of(found, "rejected"),
        removed=number_of(found, "removed"),
        is_verified=bool(found.get("verified")),
        banned_until=moment_of(found.get("banned_until")),
        muted_until=moment_of(found.get("muted_until")),
    )


def decided_of(found: Mapping[str, object]) -> Decided | None:
    """The last decision; None where nobody has decided."""
    if not found:
        return None
    return Decided(text_of(found, "by"), text_of(found, "action"), moment_of(found.get("at")))


def objects_of(found: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    """The objects in a list of an answer."""
    items = found.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def texts_of(found: Mapping[str, object], name: str) -> Sequence[str]:
    """The texts in a list of an answer."""
    items = found.get(name)
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else []


def text_of(found: Mapping[str, object], name: str) -> str:
    """A text of an answer, empty without one."""
    value = found.get(name)
    return "" if value is None else str(value)


def number_of(found: Mapping[str, object], name: str) -> int:
    """A number of an answer, 0 without one."""
    value = found.get(name)
    return value if isinstance(value, int) else 0


def _reason(found: Mapping[str, object]) -> HoldReason:
    return HoldReason(text_of(found, "phase"), text_of(found, "detail"), text_of(found, "match"))


def _object(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _path(url: str) -> str:
    # A link of the page: nothing but a path of the site.
    return url if url.startswith("/") and not url.startswith("//") else ""
