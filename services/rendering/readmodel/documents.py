"""The read model's documents, as frozen models: what the projector writes and pages are made of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.events import ArticleState, Picture

# What entries are ordered by: a time and, where times are equal, an id.
Key = tuple[datetime, str]
BEGINNING: Key = (datetime(1, 1, 1, tzinfo=UTC), "")


class Document(BaseModel):
    """One document. Its name and its version belong to the shelf it stands on, not to it."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredPath(Document):
    """Whose a public path is: an article's present one, one that it had, or one of a withdrawn article."""

    article_id: str
    state: Literal["current", "former", "withdrawn"]


class StoredArticle(Document):
    """An article as last projected.

    `state` is without text once it is withdrawn, and None once it is erased: what then stays is the id, so that an old
    event that comes late does not bring it back. `lists` says in which lists its card stands, each with the newest
    page's number at the time or the page's own: a place to begin looking; `place` is the same for its address in sitemaps.
    `touched` names every document that its last event changed, to be announced again when that event is delivered again.
    """

    seen: int
    erased: bool = False
    state: ArticleState | None = None
    card_version: int = 0
    lists: Mapping[str, int] = {}
    place: int = 0
    touched: tuple[str, ...] = ()


class StoredCard(Document):
    """An article as lists carry it; `version` is that of the article's event which last changed anything here."""

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
        """Lists are in the order of publication."""
        return self.published_at, self.id

    @property
    def size(self) -> int:
        """How many entries this one counts for."""
        return 1


class StoredSitemapEntry(Document):
    """An article's address as sitemaps tell it, and when what stands there last changed."""

    id: str
    published_at: datetime
    url: str
    modified_at: datetime

    @property
    def key(self) -> Key:
        """Sitemaps are in the order of publication."""
        return self.published_at, self.id

    @property
    def size(self) -> int:
        """How many entries this one counts for."""
        return 1


class StoredReply(Document):
    """A visible comment within its thread; a `removed` one has no words, and keeps the place of what others answer."""

    id: str
    parent_id: str | None
    name: str
    website: str | None
    body_html: str
    created_at: datetime
    removed: bool = False


class StoredThread(Document):
    """The comments of one thread, in the order of time; `id` is the opener's. `at` is the time it stands under."""

    id: str
    at: datetime
    comments: tuple[StoredReply, ...]

    @property
    def key(self) -> Key:
        """Threads are in the order of their openers."""
        return self.at, self.id

    @property
    def size(self) -> int:
        """How many entries this one counts for: four comments fill the place of one."""
        return 1 + len(self.comments) // 4


class StoredComment(Document):
    """What must be known of a comment to apply its next event; its words are in its thread, while it is visible."""

    seen: int
    erased: bool = False
    article_id: str = ""
    parent_id: str | None = None
    thread_id: str = ""
    visible: bool = False
    created_at: datetime | None = None
    thread_at: datetime | None = None
    touched: tuple[str, ...] = ()


Entry = TypeVar("Entry", StoredCard, StoredThread, StoredSitemapEntry)


class ListPage(Document, Generic[Entry]):
    """A page of a row, entries oldest first: the front (the newest), a numbered page, or a part split off from one.

    Entries with `lower <= key < upper` belong to a numbered page and its parts (the front has no upper end). See series.py.
    """

    entries: tuple[Entry, ...] = ()
    lower: Key = BEGINNING
    upper: Key | None = None

    # The front's: the newest numbered page and the last number given away (0: none), the list's title, comments in all.
    newest: int = 0
    last_number: int = 0
    title: str = ""
    total: int = 0

    # A numbered page's: its neighbours (0: none before, the front after), and its parts by their lower ends.
    previous: int = 0
    next: int = 0
    parts: tuple[tuple[Key, int], ...] = ()

    # A part's: the page it was split off from, and the newest numbered page when it got its number.
    part_of: int = 0
    below: int = 0


StoredCardPage = ListPage[StoredCard]
StoredThreadPage = ListPage[StoredThread]
StoredSitemapPage = ListPage[StoredSitemapEntry]


class SitemapIndex(Document):
    """For each numbered page of addresses, when the last change of any of them was; none for a page that is empty."""

    modified: Mapping[int, datetime] = {}


def modified_at(article: ArticleState) -> datetime:
    """Time of the last change that readers see. Never before the first publication."""
    return max(article.published_at, article.updated_at, article.corrected_at or article.published_at)
