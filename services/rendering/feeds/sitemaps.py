"""Sitemaps (sitemaps.org 0.9) and the news sitemap (Google News) as XML. Pure. Requirements: `docs/ARCHITECTURE.md` 4.8."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.rendering.feeds.xml import Node
from services.rendering.pages.models import Card
from services.rendering.pages.pictures import card_file
from shared.site.words import primary
from shared.text import close_marks
from shared.times import rfc3339

MEDIA_TYPE = "application/xml; charset=utf-8"
# Limits of the news sitemap: https://support.google.com/news/publisher-center/answer/9606710
NEWS_FOR = timedelta(days=2)
MOST_NEWS = 1000
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_PLAIN: Mapping[str | None, str] = {None: _SITEMAP}
_NEWS: Mapping[str | None, str] = {
    None: _SITEMAP,
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
}


@dataclass(frozen=True, slots=True)
class Location:
    """An absolute address and the time of its page's last change; None where unknown."""

    url: str
    modified_at: datetime | None = None


def as_index(parts: Iterable[Location]) -> bytes:
    """A sitemap of sitemaps."""
    return _write("sitemapindex", "sitemap", parts)


def as_sitemap(pages: Iterable[Location]) -> bytes:
    """A sitemap of pages."""
    return _write("urlset", "url", pages)


def _write(name: str, entry: str, locations: Iterable[Location]) -> bytes:
    root = Node(name, _PLAIN)
    for location in locations:
        node = root.add(entry)
        node.add("loc", location.url)
        if location.modified_at is not None:
            node.add("lastmod", rfc3339(location.modified_at))
    return root.as_bytes()


def as_news(site_name: str, base_url: str, cards: Iterable[Card]) -> bytes:
    """The articles of the last two days, for Google News. May be empty."""
    root = Node("urlset", _NEWS)
    for card in cards:
        node = root.add("url")
        node.add("loc", base_url + card.url)
        news = node.add("news:news")
        publication = news.add("news:publication")
        publication.add("news:name", site_name)
        publication.add("news:language", primary(card.language))
        news.add("news:publication_date", rfc3339(card.published_at))
        news.add("news:title", close_marks(card.headline))
        if card.picture is not None and card.picture.media is not None:
            node.add("image:image").add("image:loc", base_url + card_file(card.picture).url)
    return root.as_bytes()
