"""Makes feeds and sitemaps: what is read for them, and the pages (bytes with their headers) that come of it.

They go through the page cache like everything else, bound to the versions of the documents that they were made from: a
correction or a withdrawal reaches them at once. `maker.py` calls this.
"""

from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from services.rendering.feeds.feeds import FORMATS, Feed, FeedItem
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
from services.rendering.pages.addresses import Address
from services.rendering.pages.assets import Assets
from services.rendering.pages.language import Languages, direction
from services.rendering.pages.models import Link, Picture
from services.rendering.pages.page import Absence, Kind, Page
from services.rendering.pages.reading import Reading
from services.rendering.pages.static_pages import load_static_pages
from services.rendering.readmodel.documents import modified_at
from services.rendering.readmodel.names import SITE, author_list, section_list, tag_list
from services.rendering.readmodel.slugs import slug_of
from shared.events import ArticleState
from shared.http.ready_response import DateLine, Header
from shared.site.site import Site
from shared.times import Clock

FEED_ITEMS = 20
ICON = "icon-192.png"
FEED_ROUTE, SITEMAP_ROUTE = "/feed", "/sitemap"
_OPEN: Header = ("Access-Control-Allow-Origin", "*")


def absolute(base_url: str, url: str) -> str:
    """An address of our own with the site's before it; any other as it is."""
    return base_url + url if url.startswith("/") else url


class Syndication:
    """Makes what machines read on a schedule. `base_url` is the public address; `hub` a WebSub hub's or empty."""

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
        items = tuple(map(self._item, articles))
        feed = Feed(
            feed_id=self._tag_uri(home or "/"),
            url=self._base_url + address.path,
            home_url=self._base_url + (home or "/"),
            title=title,
            description=description,
            language=self._site.language,
            site_name=self._site.name,
            icon_url=self._icon,
            updated_at=max((item.modified_at for item in items), default=datetime(self._site.since, 1, 1, tzinfo=UTC)),
            items=items,
            hub=self._hub,
        )
        form = FORMATS[file]
        links: list[Header] = [("Link", f'<{feed.url}>; rel="self"')]
        if self._hub:
            links.append(("Link", f'<{self._hub}>; rel="hub"'))
        kind = Kind(FEED_ROUTE, media_type=form.media_type, extra=(*links, _OPEN), modified_s=last_modified(reading))
        return Page(self._date, kind, form.write(feed), key=address.key)

    async def _listing(self, reading: Reading, home: str) -> tuple[str, str, str] | None:
        """A feed's list, title and description, by the path of what it is a feed of; None where there is no such thing."""
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
        site, say = self._site.name, self._languages.of_site.say
        return f"{name} – {site}", say(f"list.{kind}_about", name=name, site=site)

    def _item(self, article: ArticleState) -> FeedItem:
        url = self._base_url + article.url
        section = self._site.section(article.section)
        topics = (section.name if section else article.section, *article.tags)
        picture = article.lead_image
        return FeedItem(
            item_id=self._tag_uri(article.id),
            url=url,
            title=article.headline,
            content_html=self._content(article, url),
            published_at=article.published_at,
            modified_at=modified_at(article),
            language=article.language,
            summary=article.standfirst,
            authors=tuple(
                Link(name, f"{self._base_url}/author/{slug}") for name in article.bylines if (slug := slug_of(name))
            ),
            topics=tuple(dict.fromkeys(topics)),
            picture=None
            if picture is None
            else Picture(**{**picture.model_dump(), "url": absolute(self._base_url, picture.url)}),
        )

    def _content(self, article: ArticleState, url: str) -> str:
        """The whole text as it stands on the page: the picture, corrections, then the body."""
        language = self._languages.of_page(article.language)
        body = absolute_html(article.body_html, url)
        notes = "".join(
            f"<p><strong>{language.say('correction')}</strong> ({language.date(note.at)}): {escape(note.note)}</p>"
            for note in article.corrections
        )
        spoken = f'lang="{escape(article.language)}" dir="{direction(article.language)}"'
        return f"<div {spoken}>{_figure(article, self._base_url)}{notes}{body}</div>"

    def _tag_uri(self, name: str) -> str:
        """An id for ever (RFC 4151), whatever addresses become."""
        return f"tag:{urlsplit(self._base_url).hostname},{self._site.since}:{name}"

    async def sitemap(self, reading: Reading, address: Address) -> Page | Absence:
        """The index of sitemaps, or one of them."""
        name = address.path.removeprefix("/").removesuffix(".xml")
        if name == "sitemap":
            return self._page(address, reading, as_index(await self._parts(reading)))
        if name == "news-sitemap":
            return await self._news(reading, address)
        if name == "sitemap-pages":
            return self._page(address, reading, as_sitemap(map(Location, self._standing_pages())))
        part = name.removeprefix("sitemap-")
        places = await reading.sitemap_entries(None if part == "newest" else int(part))
        if places is None:
            return Absence(404)
        locations = (Location(self._base_url + place.url, place.modified_at) for place in reversed(places))
        return self._page(address, reading, as_sitemap(locations))

    async def _parts(self, reading: Reading) -> list[Location]:
        parts = await reading.sitemap_parts()
        return [
            Location(f"{self._base_url}/sitemap-pages.xml"),
            *(Location(f"{self._base_url}/sitemap-{part or 'newest'}.xml", moment) for part, moment in parts.items()),
        ]

    def _standing_pages(self) -> list[str]:
        """Pages that are always there. When a list last changed depends on what is taken for a change: nothing is said."""
        sections = (f"/{section.slug}" for section in self._site.sections)
        return [self._base_url + path for path in ("/", *sections, *self._own_paths)]

    async def _news(self, reading: Reading, address: Address) -> Page:
        """The last two days: good until its oldest article leaves them."""
        cards = await reading.newest(SITE, MOST_NEWS, self._clock() - NEWS_FOR)
        content = as_news(self._site.name, self._base_url, cards)
        until = cards[-1].published_at + NEWS_FOR if cards else None
        # It changes with time alone, too: of that, no document tells the time.
        kind = Kind(SITEMAP_ROUTE, media_type=MEDIA_TYPE)
        return Page(self._date, kind, content, key=address.key, until=until)

    def _page(self, address: Address, reading: Reading, content: bytes) -> Page:
        kind = Kind(SITEMAP_ROUTE, media_type=MEDIA_TYPE, modified_s=last_modified(reading))
        return Page(self._date, kind, content, key=address.key)


def last_modified(reading: Reading) -> int | None:
    """When the newest of all that was read was written, in seconds since 1970: versions hold the milliseconds.

    So it is the same at every gateway. None where nothing was there to read.
    """
    return max(reading.versions.values(), default=0) // 1000 or None


def _figure(article: ArticleState, base_url: str) -> str:
    picture = article.lead_image
    if picture is None:
        return ""
    under = " ".join(filter(None, (picture.caption, picture.credit)))
    caption = f"<figcaption>{escape(under)}</figcaption>" if under else ""
    return (
        f'<figure><img src="{escape(absolute(base_url, picture.url))}" alt="{escape(picture.alt)}">{caption}</figure>'
    )
