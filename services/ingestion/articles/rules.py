"""Decisions about an article: which changes are allowed, and their results. No I/O, no clock.

draft ──publish──> published ──withdraw──> withdrawn
                    │  ▲  ▲                    │
      publish, correct─┘  └──────publish───────┘      edit: in any state, readers do not see it

Schedules, embargoes and submissions are in `schedule_rules.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.ingestion.articles.markdown import shows_nothing
from services.ingestion.people.roles import Action
from services.ingestion.pictures.records import BodyPicture, LeadImage, PictureFault
from shared.errors import FieldError, Problem
from shared.events import (
    ArticleCorrected,
    ArticlePublished,
    ArticleState,
    ArticleWithdrawn,
    Correction,
    PublicVersion,
)
from shared.http.problems import field_problem
from shared.times import rfc3339

Status = Literal["draft", "published", "withdrawn"]

# The first newspaper was printed in 1605. An earlier date of publication is a typing mistake.
EARLIEST_YEAR = 1605
# Beyond these the first ones are forgotten. They serve the list's filter `by` only.
MOST_AUTHORS = 30
# Automatic saves come every few seconds: a revision for each would bury the ones that people look for.
AUTOSAVE_REVISION_EVERY = timedelta(minutes=10)

_ALLOWED_FROM: Mapping[Action, frozenset[Status]] = {
    "edit": frozenset({"draft", "published", "withdrawn"}),
    "autosave": frozenset({"draft", "published", "withdrawn"}),
    "publish": frozenset({"draft", "published", "withdrawn"}),
    "correct": frozenset({"published"}),
    "withdraw": frozenset({"published"}),
    "schedule": frozenset({"draft", "published", "withdrawn"}),
    "submit": frozenset({"draft", "published", "withdrawn"}),
}


class Frozen(BaseModel):
    """Base of immutable values."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Content(Frozen):
    """An editor's text and its rendered HTML. Only a published content is certainly complete.

    `history_public`: readers may see the article's public versions. `body_pictures`: the store's pictures in the text, in
    order, as they were when the HTML was made.
    """

    headline: str
    section: str
    slug: str
    standfirst: str
    body_markdown: str
    body_html: str
    bylines: tuple[str, ...]
    tags: tuple[str, ...]
    language: str
    lead_image: LeadImage | None
    history_public: bool = True
    body_pictures: tuple[BodyPicture, ...] = ()

    @property
    def path(self) -> str:
        """Its path on the site, once published."""
        return f"/{self.section}/{self.slug}"

    @property
    def lead_picture_id(self) -> str | None:
        """The lead picture's id in the store, None without one or for one by address."""
        return None if self.lead_image is None else self.lead_image.media_id

    @property
    def picture_ids(self) -> tuple[str, ...]:
        """The ids of all its pictures of the store, the lead picture first, once each."""
        lead = [] if self.lead_picture_id is None else [self.lead_picture_id]
        return tuple(dict.fromkeys((*lead, *(picture.id for picture in self.body_pictures))))

    @property
    def written(self) -> "Content":
        """The content without what follows from it and from pictures; another release may render it differently."""
        lead = None if self.lead_image is None else self.lead_image.chosen
        return self.model_copy(update={"body_html": "", "body_pictures": (), "lead_image": lead})


class Edition(Frozen):
    """The article as readers see it: the change and version that made it, and the time since when it reads so.

    `committed_at` is the time of the change; None in editions of earlier releases. An import reads so since its own date.
    """

    action: Literal["publish", "correct", "withdraw"]
    version: int
    content: Content
    updated_at: datetime
    committed_at: datetime | None = None


class Author(Frozen):
    """A person or a token: the id, and the name that revisions show."""

    id: str
    name: str


class Unrevised(Frozen):
    """Author and time of a working copy that no revision has: it was saved automatically."""

    by: Author
    at: datetime


class Schedule(Frozen):
    """A publication at a later time: when, and who set it."""

    at: datetime
    by: Author


class Submission(Frozen):
    """A request for publication: when, and who asked."""

    at: datetime
    by: Author


class Article(Frozen):
    """An article: the working copy for editors and the edition for readers.

    `number` counts articles by creation. `url` is the edition's path; `former_urls` redirect to it for ever.
    `autosaved_at` has, for each author's id, the time of a recent revision of an automatic save. `note_back` is the
    note of the last return. `author_ids`: who wrote the working copy, the latest last. `history` has the public
    versions, only where an event is made of the article: it is stored apart (`history_store.py`).
    `same_text_since`: the oldest version with the text of this one, where later versions came from pictures alone.
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
    autosaved_at: Mapping[str, datetime] = {}
    unrevised: Unrevised | None = None
    embargo_until: datetime | None = None
    schedule: Schedule | None = None
    submission: Submission | None = None
    note_back: str | None = None
    author_ids: tuple[str, ...] = ()
    history: tuple[PublicVersion, ...] = ()
    same_text_since: int | None = None

    @property
    def text_version(self) -> int:
        """The oldest version with this same text: whoever read it has nothing to merge."""
        return self.same_text_since or self.version

    @property
    def picture_ids(self) -> tuple[str, ...]:
        """The ids of the store's pictures that its working copy shows, or its readers see."""
        return tuple(dict.fromkeys(name for content in self._shown for name in content.picture_ids))

    @property
    def lead_picture_ids(self) -> tuple[str, ...]:
        """The same of lead pictures alone."""
        found = (content.lead_picture_id for content in self._shown)
        return tuple(dict.fromkeys(name for name in found if name is not None))

    @property
    def _shown(self) -> Sequence[Content]:
        return (self.working, *([self.edition.content] if self.edition and self.status == "published" else []))

    @property
    def scheduled_for(self) -> datetime | None:
        """The time at which it will be published, None when it is not scheduled."""
        return None if self.schedule is None else self.schedule.at

    @property
    def submitted_at(self) -> datetime | None:
        """The time at which publication was asked for, None when it is not."""
        return None if self.submission is None else self.submission.at

    @property
    def submitted_by(self) -> str | None:
        """The name of the person who asked for publication."""
        return None if self.submission is None else self.submission.by.name

    @property
    def changed(self) -> bool:
        """Whether the working copy differs from the last public text. False before the first publication."""
        if self.edition is None:
            return False
        return self.working.written != self.edition.content.written

    @property
    def public_version(self) -> int | None:
        """The version that readers see, or the one that withdrew the article; None before the first publication."""
        return None if self.edition is None else self.edition.version

    @property
    def public_slugs(self) -> frozenset[str]:
        """Slugs of all paths that were ever public. They stay with this article for ever."""
        paths = (*self.former_urls, *([self.url] if self.url else []))
        return frozenset(path.rpartition("/")[2] for path in paths)


def check_transition(article: Article, action: Action) -> None:
    """409 when the article's state does not allow the change."""
    if article.status not in _ALLOWED_FROM[action]:
        raise Problem(409, f"A {article.status} article cannot be {_DONE[action]}.")


_DONE: Mapping[Action, str] = {"correct": "corrected", "withdraw": "withdrawn"}


def edit(article: Article, content: Content, *, slug_is_chosen: bool, by: Author, at: datetime) -> Article:
    """Replace the working copy. Readers do not see it. A schedule stays: it publishes the working copy of its time."""
    check_transition(article, "edit")
    at = not_earlier(article, at)
    author_ids = _authors(article, by)
    return next_version(article, at, working=content, slug_is_chosen=slug_is_chosen, author_ids=author_ids)


def autosave(article: Article, content: Content, *, slug_is_chosen: bool, by: Author, at: datetime) -> Article:
    """Replace the working copy by an automatic save, which may be incomplete.

    The author gets a revision of it every AUTOSAVE_REVISION_EVERY; otherwise the copy stays `unrevised`.
    """
    check_transition(article, "autosave")
    at = not_earlier(article, at)
    recent = {author: since for author, since in article.autosaved_at.items() if at - since < AUTOSAVE_REVISION_EVERY}
    unrevised = Unrevised(by=by, at=at) if by.id in recent else None
    return next_version(
        article,
        at,
        working=content,
        slug_is_chosen=slug_is_chosen,
        autosaved_at={by.id: at, **recent},
        unrevised=unrevised,
        author_ids=_authors(article, by),
    )


def _authors(article: Article, by: Author) -> tuple[str, ...]:
    return (*(author_id for author_id in article.author_ids if author_id != by.id), by.id)[-MOST_AUTHORS:]


def publish(article: Article, *, at: datetime, published_at: datetime | None = None) -> Article:
    """Show readers the working copy. `published_at` counts for the first publication only."""
    check_public(article, "publish", at)
    at = not_earlier(article, at)
    first = article.published_at or published_at or at
    if published_at not in (None, first):
        raise field_problem("/published_at", "The article has been published before; its first date stays.")
    # An import must not look like news that was changed today.
    since = first if article.published_at is None else at
    return _show(article, "publish", at, since, published_at=first)


def correct(article: Article, *, note: str, at: datetime) -> Article:
    """Show readers the working copy with a public correction note."""
    check_public(article, "correct", at)
    at = not_earlier(article, at)
    corrections = (*article.corrections, Correction(note=note, at=at))
    return _show(article, "correct", at, at, corrected_at=at, corrections=corrections)


def withdraw(article: Article, *, at: datetime) -> Article:
    """Hide the article from readers. Its paths stay reserved."""
    check_transition(article, "withdraw")
    assert article.edition is not None
    at = not_earlier(article, at)
    withdrawn = {"action": "withdraw", "version": article.version + 1, "updated_at": at, "committed_at": at}
    edition = article.edition.model_copy(update=withdrawn)
    return next_version(article, at, status="withdrawn", edition=edition, schedule=None)


def show_pictures(article: Article, working: Content, shown: Content, *, at: datetime) -> Article:
    """Show readers the same text with its pictures as they are now. For editors and in the public history nothing changes."""
    assert article.edition is not None
    version, at = article.version + 1, not_earlier(article, at)
    edition = article.edition.model_copy(update={"content": shown, "version": version, "committed_at": at})
    kept = {"unrevised": article.unrevised, "same_text_since": article.text_version}
    return next_version(article, at, working=working, edition=edition, **kept)


def check_public(article: Article, action: Action, at: datetime) -> None:
    """409 when the state or an embargo forbids to show readers the working copy; 422 when it is incomplete."""
    check_transition(article, action)
    if article.embargo_until is not None and at < article.embargo_until:
        raise Problem(409, f"The article is under embargo until {rfc3339(article.embargo_until)}.")
    check_complete(article.working)


def check_complete(content: Content) -> None:
    """422 with a pointer to each part that a publication needs and the content lacks."""
    lead = content.lead_image
    faults = {
        "/headline": not content.headline,
        "/body_markdown": shows_nothing(content.body_html),
        # A picture of the store can be described later, for all its articles: the desk's checklist asks for it.
        "/lead_image/alt": lead is not None and not lead.media_id and not lead.alt,
    }
    errors = [
        FieldError(pointer, "There is nothing to read in it.") for pointer, is_at_fault in faults.items() if is_at_fault
    ]
    unknown = (fault for fault in picture_faults(content) if fault.fault == "unknown")
    errors += (FieldError(fault.pointer, f"There is no picture media:{fault.media_id}.") for fault in unknown)
    if errors:
        raise Problem(422, "The article is incomplete.", errors=tuple(errors))


def picture_faults(content: Content) -> Sequence[PictureFault]:
    """What to look at in the store's pictures before publication, each once. A decorative picture needs no description."""
    lead = None if content.lead_image is None else content.lead_image.fault
    found = (lead, *(picture.fault for picture in content.body_pictures))
    return tuple(dict.fromkeys(fault for fault in found if fault is not None))


def check_date(published_at: datetime, at: datetime) -> None:
    """422 for an impossible date of publication."""
    if published_at > at:
        raise field_problem("/published_at", "The date of publication lies in the future.")
    if published_at.year < EARLIEST_YEAR:
        raise field_problem("/published_at", f"No newspaper was printed before {EARLIEST_YEAR}.")


def event_of(article: Article) -> ArticleState | None:
    """The newest event of an article, None before its first publication. A withdrawal carries the language but no text."""
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
        history=article.history if edition.action != "withdraw" and edition.content.history_public else (),
        **shown,
    )


def event_if_published(article: Article) -> ArticleState:
    """The event that a publication of the working copy would send, complete or not: its size is checked at each save."""
    at = article.updated_at
    event = event_of(_show(article, "publish", at, at, published_at=at, history=()))
    assert event is not None
    return event


_EVENTS: Mapping[str, type[ArticleState]] = {
    "publish": ArticlePublished,
    "correct": ArticleCorrected,
    "withdraw": ArticleWithdrawn,
}


def _show(
    article: Article, action: Literal["publish", "correct"], at: datetime, since: datetime, **changed: object
) -> Article:
    edition = Edition(
        action=action, version=article.version + 1, content=article.working, updated_at=since, committed_at=at
    )
    path = article.working.path
    former = _former_paths(article, path)
    done: dict[str, object] = {"schedule": None, "submission": None, "note_back": None, **changed}
    return next_version(article, at, status="published", edition=edition, url=path, former_urls=former, **done)


def _former_paths(article: Article, path: str) -> Sequence[str]:
    known = (*article.former_urls, *([article.url] if article.url else []))
    return tuple(dict.fromkeys(former for former in known if former != path))


def next_version(article: Article, at: datetime, **changed: object) -> Article:
    """The article after a change, with the next version."""
    update = {"unrevised": None, "same_text_since": None, **changed, "version": article.version + 1, "updated_at": at}
    return article.model_copy(update=update)


def not_earlier(article: Article, at: datetime) -> datetime:
    """The time of a change of this article: `at`, or its last change if that is later."""
    # Clocks of several machines differ. A later change must never look older.
    return max(at, article.updated_at)
