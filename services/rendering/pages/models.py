"""Views: the content of each page as frozen data. The gateway fills them from the read model; templates.py renders them.

A page is a pure function of its view: no clock, no request, no database. Texts are plain and are escaped when rendered.
Only fields that end in `_html` hold HTML, sanitised when it was written.
Times are aware datetimes in UTC. URLs of our own pages are paths (`/world/a-headline`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.rendering.pages.comment_models import NO_COMMENTS, CommentsView, Noted
from shared.pictures import PictureFacts


@dataclass(frozen=True, slots=True)
class Source:
    """One `<source>` of a picture: its media type and a `srcset` by widths."""

    media_type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its texts: one of our own store with its facts (`media`), or one by its address.

    Width and height reserve the place of a picture by its address while it loads; 16:9, since its size is unknown.
    """

    url: str
    alt: str
    caption: str = ""
    credit: str = ""
    width: int = 1280
    height: int = 720
    media: PictureFacts | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A text and its path: a byline to its author's page, a tag to its list."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """An article in lists, neighbours and Recommended. `section` is the section's slug.

    `version` is the article version that last changed a field of the card; not shown. `comments` is the number of comments,
    in lists alone.
    """

    article_id: str
    url: str
    headline: str
    section: str
    published_at: datetime
    language: str = "en"
    standfirst: str = ""
    bylines: tuple[str, ...] = ()
    picture: Picture | None = None
    version: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """A public correction note and when it was made."""

    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TextRun:
    """A run of words of a paragraph: in both versions, or only in the older or the newer one."""

    kind: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """The changed paragraphs of one field of an article, as `headline` or `body_markdown`."""

    field: str
    paragraphs: tuple[tuple[TextRun, ...], ...]


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version that readers saw. `is_cut`: changes were left out, because they are too long."""

    kind: Literal["published", "updated", "corrected", "republished"]
    at: datetime
    note: str = ""
    changes: tuple[FieldChange, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The public history of an article, newest version first. `url` is the article's."""

    url: str
    headline: str
    section: str
    versions: tuple[VersionView, ...]
    language: str = "en"


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """A correction in the list of all, with its article."""

    note: str
    at: datetime
    url: str
    headline: str
    section: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class CorrectionsView:
    """A page of the list of all corrections, newest first. Numbers as in ListView."""

    lines: tuple[CorrectionLine, ...] = ()
    page: int | None = None
    older: int | None = None
    newer: int | None = None


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article's page. The browser updates `years_old` when a cached page is older than an anniversary.

    `received`: the reader has just sent a comment and has no script to show the thank-you. `noted`: or a vote, or a report.
    `preview`: not published; `preview.py` lists the differences. `has_history`: readers saw more than one version.
    """

    article_id: str
    url: str
    headline: str
    section: str
    published_at: datetime
    body_html: str
    version: int = 0
    language: str = "en"
    standfirst: str = ""
    bylines: tuple[Link, ...] = ()
    tags: tuple[Link, ...] = ()
    picture: Picture | None = None
    updated_at: datetime | None = None
    corrected_at: datetime | None = None
    corrections: tuple[Correction, ...] = ()
    years_old: int = 0
    previous: Card | None = None
    next: Card | None = None
    recommended: tuple[Card, ...] = ()
    comments: CommentsView = NO_COMMENTS
    received: bool = False
    noted: Noted | None = None
    preview: bool = False
    has_history: bool = False


@dataclass(frozen=True, slots=True)
class SectionBlock:
    """A section's newest articles on the home page; the first card with a picture leads."""

    section: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class HomeView:
    """The front page. All fields may be empty: a site without articles has one too.

    `newest` are the ids of the site's newest articles: a live page compares them to count newer ones.
    """

    lead: Card | None = None
    seconds: tuple[Card, ...] = ()
    blocks: tuple[SectionBlock, ...] = ()
    latest: tuple[Card, ...] = ()
    newest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListView:
    """A page of a section, a tag or an author.

    `path` is the list's own path; `page` is None on its front, which shows the newest. `older` and `newer` are page
    numbers as in `?page=N`, None where there is none; from the newest numbered page, the next is the front.
    `title` is the tag's or author's name; a section's name comes from the site file.
    """

    kind: Literal["section", "tag", "author"]
    path: str
    title: str
    cards: tuple[Card, ...] = ()
    page: int | None = None
    older: int | None = None
    newer: int | None = None
    section: str = ""


@dataclass(frozen=True, slots=True)
class StaticView:
    """A page of text such as About, at `path`. `has_form`: with the contact form."""

    path: str
    title: str
    body_html: str
    has_form: bool = False


@dataclass(frozen=True, slots=True)
class FoundView:
    """A search result. A page of our own has no section, date or language."""

    url: str
    headline: str
    snippet_html: str
    section: str = ""
    published_at: datetime | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class SearchView:
    """A page of search results; the form alone for an empty `q`. `latest` fills a page without results.
    `language` is the chrome's, from the page of the search field; empty for the site's.
    """

    q: str
    section: str = ""
    language: str = ""
    found: tuple[FoundView, ...] = ()
    total: int = 0
    page: int = 1
    pages: int = 1
    latest: tuple[Card, ...] = ()
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An error page: 404, 410 and 503 have their own words. `language` is the withdrawn article's; empty for the site's."""

    status: int
    latest: tuple[Card, ...] = ()
    language: str = ""
