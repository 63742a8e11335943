"""Makes feeds and sitemaps: reads articles, writes the pages (bytes with headers). `page_builder.py` calls this.

They are cached like HTML pages, by the versions of their documents, so a correction or a withdrawal reaches them at once.
"""

from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from services.rendering.feeds.feeds import FORMATS, Feed, FeedFormat, FeedItem, FeedPicture
from services.rendering.feeds.sitemaps import (
    MEDIA_TYPE,
    MOST_NEWS,
    NEWS_FOR,
    Location,
    as_index,
    as_news,
    as_sitemap,
)
from services.rendering.feeds.xml import absolute_html
from services.rendering.pages.addresses import CORRECTIONS, Address
from services.rendering.pages.assets import Assets
from services.rendering.pages.language import Languages
from services.rendering.pages.models import Link
from services.rendering.pages.page import Absence, Page, PageKind
from services.rendering.pages.pictures import as_picture, card_file, original_file, text_file
from services.rendering.pages.reading import Reading
from services.rendering.pages.static_pages import load_static_pages
from services.rendering.readmodel.documents import modified_at
from services.rendering.readmodel.names import SITE, author_list, section_list, tag_list
from services.rendering.readmodel.slugs import slug_of
from shared.events import ArticleState
from shared.http.ready_response import DateLine, Header
from shared.site.site import Site
from shared.site.words import direction
from shared.text import close_marks
from shared.times import Clock

FEED_ITEMS = 20
ICON = "icon-192.png"
FEED_ROUTE, SITEMAP_ROUTE = "/feed", "/sitemap"
_ANY_ORIGIN: Header = ("Access-Control-Allow-Origin", "*")


def absolute(base_url: str, url: str) -> str:
    """The absolute address of a URL; a path is one of our own."""
    return base_url + url if url.startswith("/") else url


class Syndication:
    """Makes feeds and sitemaps. `base_url` is the public address; `hub` is the address of a WebSub hub, or empty."""

    def __init__(self, site: Site, base_url: str, hub: str, date: DateLine, clock: Clock) -> None:
        self._site = site
        self._base_url = base_url
        self._own_paths = tuple(load_static_pages())
        self._hub = hub
        self._date = date
        self._clock = clock
        self._languages = Languages(site.language)
        self._icon = base_url + Assets().url(ICON)

    async def feed(self, reading: Reading, address: Address) -> Page | Absence:
        """A feed of the site, of a section, a tag or an author."""
        home, _, file = address.path.rpartition("/")
        found = await self._listing(reading, home)
        if found is None:
            return Absence(404)
        listing, title, description = found
        cards = await reading.newest(listing, FEED_ITEMS)
        articles = await reading.articles([card.article_id for card in cards])
        feed = self._feed(address.path, home, title, description, tuple(map(self._item, articles)))
        return self._feed_page(reading, address, feed, FORMATS[file])

    def _feed(self, path: str, home: str, title: str, description: str, items: tuple[FeedItem, ...]) -> Feed:
        founded = datetime(self._site.since, 1, 1, tzinfo=UTC)
        return Feed(
            feed_id=self._tag_uri(home or "/"),
            url=self._base_url + path,
            home_url=self._base_url + (home or "/"),
            title=title,
            description=description,
            language=self._site.language,
            site_name=self._site.name,
            icon_url=self._icon,
            updated_at=max((item.modified_at for item in items), default=founded),
            items=items,
            hub=self._hub,
        )

    def _feed_page(self, reading: Reading, address: Address, feed: Feed, written_as: FeedFormat) -> Page:
        links: list[Header] = [("Link", f'<{feed.url}>; rel="self"')]
        if self._hub:
            links.append(("Link", f'<{self._hub}>; rel="hub"'))
        kind = PageKind(
            FEED_ROUTE,
            media_type=written_as.media_type,
            extra=(*links, _ANY_ORIGIN),
            modified_s=last_modified(reading),
        )
        return Page(self._date, kind, written_as.write(feed), key=address.key)

    async def _listing(self, reading: Reading, home: str) -> tuple[str, str, str] | None:
        """The list, title and description of a feed, by the path of its page; None where there is no such page."""
        if not home:
            return SITE, self._site.name, self._site.tagline
        section = self._site.section(home[1:])
        if section is not None:
            return section_list(section.slug), *self._titles("section", section.name)
        kind, _, name = home[1:].partition("/")
        if kind not in ("tag", "author") or not name:
            return None
        listing = tag_list(name) if kind == "tag" else author_list(name)
        front = await reading.front(listing)
        return None if front is None else (listing, *self._titles(kind, front.title))

    def _titles(self, kind: str, name: str) -> tuple[str, str]:
        site, text = self._site.name, self._languages.of_site.text
        return f"{close_marks(name)} – {site}", text(f"list.{kind}_about", name=name, site=site)

    def _item(self, article: ArticleState) -> FeedItem:
        url = self._base_url + article.url
        section = self._site.section(article.section)
        topics = (section.name if section else article.section, *article.tags)
        return FeedItem(
            item_id=self._tag_uri(article.id),
            url=url,
            title=close_marks(article.headline),
            content_html=self._content(article, url),
            published_at=article.published_at,
            modified_at=modified_at(article),
            language=article.language,
            summary=close_marks(article.standfirst),
            authors=tuple(
                Link(close_marks(name), f"{self._base_url}/author/{slug}")
                for name in article.bylines
                if (slug := slug_of(name))
            ),
            topics=tuple(map(close_marks, dict.fromkeys(topics))),
            picture=self._picture(article),
        )

    def _picture(self, article: ArticleState) -> FeedPicture | None:
        picture = as_picture(article.lead_image)
        if picture is None:
            return None
        whole = original_file(picture)
        return FeedPicture(
            replace(whole, url=absolute(self._base_url, whole.url)),
            absolute(self._base_url, card_file(picture).url),
            close_marks(picture.alt),
            close_marks(picture.credit),
        )

    def _content(self, article: ArticleState, url: str) -> str:
        """The whole text in the page's order: the picture, corrections, the body."""
        language = self._languages.of_page(article.language)
        body = absolute_html(article.body_html, url)
        notes = "".join(
            f"<p><strong>{language.text('correction')}</strong> ({language.date(note.at)}): {_escaped(note.note)}</p>"
            for note in article.corrections
        )
        attributes = f'lang="{escape(article.language)}" dir="{direction(article.language)}"'
        return f"<div {attributes}>{_figure(article, self._base_url)}{notes}{body}</div>"

    def _tag_uri(self, name: str) -> str:
        """A permanent id (RFC 4151), independent of later addresses."""
        return f"tag:{urlsplit(self._base_url).hostname},{self._site.since}:{name}"

    async def sitemap(self, reading: Reading, address: Address) -> Page | Absence:
        """The index of sitemaps, or one of them."""
        name = address.path.removeprefix("/").removesuffix(".xml")
        if name == "sitemap":
            return self._page(address, reading, as_index(await self._parts(reading)))
        if name == "news-sitemap":
            return await self._news(reading, address)
        if name == "sitemap-pages":
            return self._page(address, reading, as_sitemap(map(Location, self._permanent_pages())))
        part = name.removeprefix("sitemap-")
        entries = await reading.sitemap_entries(None if part == "newest" else int(part))
        if entries is None:
            return Absence(404)
        locations = (Location(self._base_url + entry.url, entry.modified_at) for entry in reversed(entries))
        return self._page(address, reading, as_sitemap(locations))

    async def _parts(self, reading: Reading) -> list[Location]:
        parts = await reading.sitemap_parts()
        return [
            Location(f"{self._base_url}/sitemap-pages.xml"),
            *(Location(f"{self._base_url}/sitemap-{part or 'newest'}.xml", moment) for part, moment in parts.items()),
        ]

    def _permanent_pages(self) -> list[str]:
        """Pages that always exist. Without a `lastmod`: "the last change" of a list has no clear meaning."""
        sections = (f"/{section.slug}" for section in self._site.sections)
        return [self._base_url + path for path in ("/", *sections, CORRECTIONS, *self._own_paths)]

    async def _news(self, reading: Reading, address: Address) -> Page:
        """The last two days. Expires when its oldest article is two days old."""
        cards = await reading.newest(SITE, MOST_NEWS, self._clock() - NEWS_FOR)
        content = as_news(self._site.name, self._base_url, cards)
        until = cards[-1].published_at + NEWS_FOR if cards else None
        # No `Last-Modified`: time alone changes it, which no document's version shows.
        kind = PageKind(SITEMAP_ROUTE, media_type=MEDIA_TYPE)
        return Page(self._date, kind, content, key=address.key, until=until)

    def _page(self, address: Address, reading: Reading, content: bytes) -> Page:
        kind = PageKind(SITEMAP_ROUTE, media_type=MEDIA_TYPE, modified_s=last_modified(reading))
        return Page(self._date, kind, content, key=address.key)


def last_modified(reading: Reading) -> int | None:
    """The time of the newest document read, in Unix time. Versions are milliseconds, so every gateway gives the same.

    None where no document was found.
    """
    return max(reading.versions.values(), default=0) // 1000 or None


def _figure(article: ArticleState, base_url: str) -> str:
    picture = as_picture(article.lead_image)
    if picture is None:
        return ""
    below = " ".join(map(_escaped, filter(None, (picture.caption, picture.credit))))
    caption = f"<figcaption>{below}</figcaption>" if below else ""
    file = text_file(picture)
    source = escape(absolute(base_url, file.url))
    size = "" if file.width is None else f' width="{file.width}" height="{file.height}"'
    return f'<figure><img src="{source}" alt="{_escaped(picture.alt)}"{size}>{caption}</figure>'


def _escaped(text: str) -> str:
    return escape(close_marks(text))
