"""What is decided about an article: which changes make sense, and what each makes of it. No I/O, no clock.

draft ──publish──> published ──withdraw──> withdrawn
                    │  ▲  ▲                    │
      publish, correct─┘  └──────publish───────┘      edit: in any state, seen by no reader
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.ingestion.roles import Action
from shared.errors import Problem
from shared.events import ArticleCorrected, ArticlePublished, ArticleState, ArticleWithdrawn, Correction, Picture
from shared.http.problems import field_problem

Status = Literal["draft", "published", "withdrawn"]

# The first newspaper was printed in 1605: an earlier date of publication is a slip of the hand.
EARLIEST_YEAR = 1605

_ALLOWED_FROM: Mapping[Action, frozenset[Status]] = {
    "edit": frozenset({"draft", "published", "withdrawn"}),
    "publish": frozenset({"draft", "published", "withdrawn"}),
    "correct": frozenset({"published"}),
    "withdraw": frozenset({"published"}),
}


class Frozen(BaseModel):
    """A value that is replaced, never changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Content(Frozen):
    """What editors write, and the HTML it became."""

    headline: str
    section: str
    slug: str
    standfirst: str
    body_markdown: str
    body_html: str
    bylines: tuple[str, ...]
    tags: tuple[str, ...]
    language: str
    lead_image: Picture | None

    @property
    def path(self) -> str:
        """Where it stands on the site once it is published."""
        return f"/{self.section}/{self.slug}"


class Edition(Frozen):
    """What readers were last told: by which change, at which version, and since when it reads so."""

    action: Literal["publish", "correct", "withdraw"]
    version: int
    content: Content
    updated_at: datetime


class Article(Frozen):
    """An article: the working copy, which editors see, and the edition, which readers see.

    `number` counts articles by creation. `url` is the edition's path; `former_urls` lead to it for ever.
    """

    id: str
    number: int
    version: int
    status: Status
    working: Content
    slug_is_chosen: bool
    edition: Edition | None = None
    url: str | None = None
    former_urls: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    corrected_at: datetime | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def public_slugs(self) -> frozenset[str]:
        """The slugs of all paths that readers have ever been given: they stay this article's."""
        paths = (*self.former_urls, *([self.url] if self.url else []))
        return frozenset(path.rpartition("/")[2] for path in paths)


def check_transition(article: Article, action: Action) -> None:
    """409 when the change makes no sense for an article in this state."""
    if article.status not in _ALLOWED_FROM[action]:
        raise Problem(409, f"A {article.status} article cannot be {_DONE[action]}.")


_DONE: Mapping[Action, str] = {"correct": "corrected", "withdraw": "withdrawn"}


def edit(article: Article, content: Content, *, slug_is_chosen: bool, at: datetime) -> Article:
    """Another working copy; readers see nothing of it."""
    check_transition(article, "edit")
    return _next(article, _later(article, at), working=content, slug_is_chosen=slug_is_chosen)


def publish(article: Article, *, at: datetime, published_at: datetime | None = None) -> Article:
    """The working copy becomes what readers see. A date in the past is for the first time only."""
    check_transition(article, "publish")
    at = _later(article, at)
    first = article.published_at or published_at or at
    if published_at not in (None, first):
        raise field_problem("/published_at", "The article has been published before; its first date stays.")
    # An import reads as it did on the day it is dated, not as news that was changed today.
    since = first if article.published_at is None else at
    return _show(article, "publish", at, since, published_at=first)


def correct(article: Article, *, note: str, at: datetime) -> Article:
    """The working copy becomes what readers see, with a public note of what was wrong."""
    check_transition(article, "correct")
    at = _later(article, at)
    corrections = (*article.corrections, Correction(note=note, at=at))
    return _show(article, "correct", at, at, corrected_at=at, corrections=corrections)


def withdraw(article: Article, *, at: datetime) -> Article:
    """Readers see it no more; its paths stay taken."""
    check_transition(article, "withdraw")
    assert article.edition is not None
    at = _later(article, at)
    told: dict[str, object] = {"action": "withdraw", "version": article.version + 1, "updated_at": at}
    return _next(article, at, status="withdrawn", edition=article.edition.model_copy(update=told))


def check_date(published_at: datetime, at: datetime) -> None:
    """422 for a date of publication that no import can have."""
    if published_at > at:
        raise field_problem("/published_at", "The date of publication lies in the future.")
    if published_at.year < EARLIEST_YEAR:
        raise field_problem("/published_at", f"No newspaper was printed before {EARLIEST_YEAR}.")


def event_of(article: Article) -> ArticleState | None:
    """The newest event of an article, None while readers know nothing of it. A withdrawal's carries no text, but its language."""
    edition = article.edition
    if edition is None or article.url is None or article.published_at is None:
        return None
    shown: dict[str, object] = edition.content.model_dump()
    if edition.action == "withdraw":
        content = edition.content
        shown = {"headline": "", "section": content.section, "slug": content.slug, "language": content.language}
    return _EVENTS[edition.action](
        id=article.id,
        version=edition.version,
        status="withdrawn" if edition.action == "withdraw" else "published",
        url=article.url,
        former_urls=article.former_urls,
        created_at=article.created_at,
        updated_at=edition.updated_at,
        published_at=article.published_at,
        corrected_at=article.corrected_at,
        corrections=() if edition.action == "withdraw" else article.corrections,
        **shown,
    )


_EVENTS: Mapping[str, type[ArticleState]] = {
    "publish": ArticlePublished,
    "correct": ArticleCorrected,
    "withdraw": ArticleWithdrawn,
}


def _show(
    article: Article, action: Literal["publish", "correct"], at: datetime, since: datetime, **changed: object
) -> Article:
    edition = Edition(action=action, version=article.version + 1, content=article.working, updated_at=since)
    path = article.working.path
    former = _left_behind(article, path)
    return _next(article, at, status="published", edition=edition, url=path, former_urls=former, **changed)


def _left_behind(article: Article, path: str) -> Sequence[str]:
    known = (*article.former_urls, *([article.url] if article.url else []))
    return tuple(dict.fromkeys(former for former in known if former != path))


def _next(article: Article, at: datetime, **changed: object) -> Article:
    return article.model_copy(update={**changed, "version": article.version + 1, "updated_at": at})


def _later(article: Article, at: datetime) -> datetime:
    # Clocks of several machines differ: what was changed later never looks older.
    return max(at, article.updated_at)
