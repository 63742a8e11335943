"""What each page says, as frozen data: the gateway fills these from the read model, templates.py turns them into HTML.

A page is a pure function of its view: no clock, no request, no database. Every text is plain and is escaped when
rendered; the only fields that hold HTML end in `_html` and were sanitised when they were written.
Times are aware datetimes in UTC. URLs of our own pages are paths (`/world/a-headline`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

# The widths in which pictures under /media/ lie beside their JPEG, as `<name>-<width>.avif` and `.webp`.
VARIANT_WIDTHS = (480, 800, 1280)


@dataclass(frozen=True, slots=True)
class Source:
    """One `<source>` of a picture: its media type and a `srcset` by widths."""

    media_type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with what belongs to it. Width and height keep its place while it loads; 16:9 where nobody knows."""

    url: str
    alt: str
    caption: str = ""
    credit: str = ""
    width: int = 1280
    height: int = 720

    @property
    def sources(self) -> tuple[Source, ...]:
        """AVIF and WebP variants; only pictures of our own media store have them."""
        if not (self.url.startswith("/media/") and self.url.endswith(".jpg")):
            return ()
        stem = self.url.removesuffix(".jpg")
        return tuple(
            Source(f"image/{kind}", ", ".join(f"{stem}-{width}.{kind} {width}w" for width in VARIANT_WIDTHS))
            for kind in ("avif", "webp")
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A text with the path behind it: a byline to its author's page, a tag to its list."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """An article as lists, neighbours and Recommended show it. `section` is the section's slug.

    `version` is the article's change that last changed any of this; nothing of it is shown.
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


@dataclass(frozen=True, slots=True)
class CommentView:
    """A published comment. `depth` is 0 where it opens a thread; `reply_to_*` name the comment it answers;
    `reply_to_path` is None where that is in the same thread, empty where it is on the same page.

    A `removed` one stands for what a moderator took away above replies that stay: its name and body are not shown.
    """

    comment_id: str
    name: str
    body_html: str
    created_at: datetime
    website: str = ""
    depth: int = 0
    reply_to_id: str = ""
    reply_to_name: str = ""
    reply_to_path: str | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A comment that answers no other, then every reply under it in reading order (depth first)."""

    opener: CommentView
    replies: tuple[CommentView, ...] = ()


@dataclass(frozen=True, slots=True)
class CommentsView:
    """One chunk of an article's threads. Chunks count from the oldest: `page == pages` is the one on the page itself.

    `total` counts every published comment of the article, replies included, over all chunks. `version` is that of the
    newest chunk, by which a live reader's page sees whether it shows them all.
    """

    total: int = 0
    threads: tuple[ThreadView, ...] = ()
    page: int = 1
    pages: int = 1
    open: bool = True
    version: int = 0


@dataclass(frozen=True, slots=True)
class LiveCommentView:
    """One comment of an article, to be put into a page that is shown already."""

    article_id: str
    said: CommentView
    open: bool = True
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Correction:
    """A public correction note and when it was made."""

    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article's page. `years_old` only ever grows; the browser covers the day it does."""

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
    comments: CommentsView = CommentsView()
    received: bool = False
    """Whether the reader has just sent a comment, and has no script that could say so."""


def years_old(published_at: datetime, now: datetime) -> int:
    """Whole years since then, by the calendar: past the first, readers should be told that this is no longer news."""
    before_the_day = _in_its_year(now) < _in_its_year(published_at)
    return max(0, now.year - published_at.year - before_the_day)


def _in_its_year(moment: datetime) -> tuple[int, ...]:
    return moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond


@dataclass(frozen=True, slots=True)
class SectionBlock:
    """A section's newest on the home page; the first card with a picture leads the block."""

    section: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class HomeView:
    """The front page. Everything may be empty: a site with no article yet still has one.

    `newest` are the ids of the site's newest articles, by which a live reader's page sees whether there are newer ones.
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
    numbers as in `?page=N`, None where there is none; from the newest numbered page the way forward is the front.
    `title` is the tag's or the author's name; a section's is taken from the site.
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
    """A page of plain text such as About; `path` is where it lives. `has_form`: readers can write to the editors there."""

    path: str
    title: str
    body_html: str
    has_form: bool = False


@dataclass(frozen=True, slots=True)
class FoundView:
    """Something that a search has found; a page of our own has no section, date or language."""

    url: str
    headline: str
    snippet_html: str
    section: str = ""
    published_at: datetime | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class SearchView:
    """A page of search results; with an empty `q` the form alone. Where nothing is found, the latest is offered.

    `language` is the one of the page it was asked from; empty for the site's. `from_day` and `to_day` are the days chosen.
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
    """A page that could not be given: 404, 410, 503 have words of their own, any other status the plain ones.

    `language` is the one of what was withdrawn; empty for the site's.
    """

    status: int
    latest: tuple[Card, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class PopularItem:
    """One line of a ranking."""

    article_id: str
    headline: str
    url: str
    section: str
    views: int
    language: str = "en"


@dataclass(frozen=True, slots=True)
class PopularTab:
    """A window that may be chosen: a link to its page."""

    window: str
    url: str
    shown: bool = False


@dataclass(frozen=True, slots=True)
class PopularView:
    """The Popular News block for pages in `language`; an empty ranking (`computed_at` None, no items) is allowed.

    `whole` is the longer one on the page of its window.
    """

    window: str
    computed_at: datetime | None = None
    items: tuple[PopularItem, ...] = ()
    language: str = "en"
    tabs: tuple[PopularTab, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class PopularPageView:
    """The page around a window's ranking; `section` is empty for the whole site's."""

    window: str
    path: str
    section: str = ""
    language: str = "en"
