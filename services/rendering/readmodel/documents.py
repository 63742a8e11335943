"""The read model's documents, as frozen models. The projector writes them; the gateway makes pages of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.events import ArticleState, Picture, PublicVersion

# Sort key of entries: a time, then an id.
Key = tuple[datetime, str]
BEGINNING: Key = (datetime(1, 1, 1, tzinfo=UTC), "")


class Document(BaseModel):
    """One document. The snapshot, not the document, holds its name and its version."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredPath(Document):
    """The article at a public path: its current path, a former one, or a path of a withdrawn article."""

    article_id: str
    state: Literal["current", "former", "withdrawn"]


class StoredAlias(Document):
    """Lists that once had the same address (slugs.py), as sorted list names: those that have a front now."""

    lists: tuple[str, ...] = ()


class StoredArticle(Document):
    """An article as last projected.

    The state of a withdrawn article has no text. The state of an erased article is None; the id stays, so that an old event
    that arrives late cannot bring the article back. `lists` maps the lists with its card to the hint for its page; `place` is
    the hint for its sitemap entry, `correction_hints` has one for each of its corrections. `public_versions` counts the
    versions in its history, which is a document of its own. `touched` names all documents that its last event changed: a
    redelivery announces them again.
    """

    seen: int
    erased: bool = False
    state: ArticleState | None = None
    card_version: int = 0
    lists: Mapping[str, int] = {}
    place: int = 0
    correction_hints: tuple[int, ...] = ()
    public_versions: int = 0
    touched: tuple[str, ...] = ()


class StoredHistory(Document):
    """An article's public versions, oldest first, with their differences: 96 KB at most, read by its own page alone."""

    versions: tuple[PublicVersion, ...] = ()


class StoredCard(Document):
    """An article in a list. `version` is the article's version in which a field of the card last changed."""

    id: str
    version: int = 0
    published_at: datetime
    url: str
    headline: str
    section: str
    language: str
    standfirst: str = ""
    bylines: tuple[str, ...] = ()
    picture: Picture | None = None

    @property
    def key(self) -> Key:
        """Lists are ordered by publication."""
        return self.published_at, self.id

    @property
    def size(self) -> int:
        """Weight of this entry in the limits of its list."""
        return 1


class StoredSitemapEntry(Document):
    """An article in a sitemap: its address, and the time of its last change."""

    id: str
    published_at: datetime
    url: str
    modified_at: datetime

    @property
    def key(self) -> Key:
        """Sitemaps are ordered by publication."""
        return self.published_at, self.id

    @property
    def size(self) -> int:
        """Weight of this entry in the limits of its list."""
        return 1


class StoredCorrection(Document):
    """A correction in the list of all. `id` is `<article id>:<number>`: an article's corrections are only ever added to."""

    id: str
    at: datetime
    note: str
    url: str
    headline: str
    section: str
    language: str

    @property
    def key(self) -> Key:
        """Corrections are ordered by their own time."""
        return self.at, self.id

    @property
    def size(self) -> int:
        """Weight of this entry in the limits of its list."""
        return 1


class StoredDiscussion(Document):
    """The state of an article's discussion. `closes_at`: its age closes it at this time, or has closed it.

    `votes`: whether readers may vote. `seen` is the version of its last event, 0 before the first. `total` counts the visible
    comments; None before the first change of their number. In read models of earlier releases the newest threads have that number.
    """

    seen: int = 0
    open: bool = True
    closes_at: datetime | None = None
    votes: bool = True
    total: int | None = None


class StoredReply(Document):
    """A visible comment in its thread. A `removed` one has no text and stays as the parent of its replies.

    `picked`: the editors recommend it. Documents of earlier releases lack the fields from `edited_at` on.
    """

    id: str
    parent_id: str | None
    name: str
    website: str | None
    body_html: str
    created_at: datetime
    removed: bool = False
    edited_at: datetime | None = None
    votes_up: int = 0
    votes_down: int = 0
    picked: bool = False


class StoredParent(Document):
    """A visible comment that is answered in another thread, whose page says "in reply to" with this name."""

    name: str


class StoredBest(Document):
    """The openers of an article's threads that readers voted for, best first; limited in number (best_rules.py)."""

    openers: tuple[StoredReply, ...] = ()


class StoredThread(Document):
    """The comments of one thread, oldest first. `id` is the opener's; `at` is the time that orders the thread."""

    id: str
    at: datetime
    comments: tuple[StoredReply, ...]

    @property
    def key(self) -> Key:
        """Threads are ordered by their openers."""
        return self.at, self.id

    @property
    def size(self) -> int:
        """Weight of this entry in the limits of its list: a page with long threads has fewer of them."""
        return 1 + len(self.comments) // 2


class StoredComment(Document):
    """The data that the next event of a comment needs. The text of a visible comment is in its thread.

    `voted`: it is, or was, among the article's best openers. `answered`: a reply to it is, or may be, in another thread.
    Of the opener of a thread, `thread_at` and `thread_hint` find the thread: its time, and the number of a page near it
    (0 in documents of earlier releases).
    """

    seen: int
    erased: bool = False
    article_id: str = ""
    parent_id: str | None = None
    thread_id: str = ""
    visible: bool = False
    created_at: datetime | None = None
    thread_at: datetime | None = None
    thread_hint: int = 0
    voted: bool = False
    answered: bool = False
    touched: tuple[str, ...] = ()


Entry = TypeVar("Entry", StoredCard, StoredThread, StoredSitemapEntry, StoredCorrection)


class ListPage(Document, Generic[Entry]):
    """A page of a paged list (paged_list.py), entries oldest first: the front (the newest), a numbered page, or a part of one.

    Entries with `lower <= key < upper` belong to a numbered page and its parts. The front has no upper end.
    """

    entries: tuple[Entry, ...] = ()
    lower: Key = BEGINNING
    upper: Key | None = None

    # Front: the newest numbered page and the last number in use (0: none), the list's title. `total` is of earlier releases.
    newest: int = 0
    last_number: int = 0
    title: str = ""
    total: int = 0

    # Numbered page: its neighbours (0: none before, the front after), and its parts with their lower ends.
    previous: int = 0
    next: int = 0
    parts: tuple[tuple[Key, int], ...] = ()

    # Part: its numbered page, and the newest numbered page at the time of the split.
    part_of: int = 0
    below: int = 0


StoredCardPage = ListPage[StoredCard]
StoredThreadPage = ListPage[StoredThread]
StoredSitemapPage = ListPage[StoredSitemapEntry]
StoredCorrectionPage = ListPage[StoredCorrection]


class SitemapIndex(Document):
    """Time of the last change in each numbered page of sitemap entries. Empty pages are left out."""

    modified: Mapping[int, datetime] = {}


def modified_at(article: ArticleState) -> datetime:
    """Time of the last change that readers can see. Never before the first publication."""
    return max(article.published_at, article.updated_at, article.corrected_at or article.published_at)
