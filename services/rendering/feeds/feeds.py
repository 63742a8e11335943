"""Feeds: RSS 2.0, Atom 1.0 and JSON Feed 1.1 of the same view. Pure, so every gateway writes the same bytes.

`docs/ARCHITECTURE.md` 4.8 lists the requirements of each format and of validators. Articles are complete, in order of first
publication, with absolute addresses. A correction changes an item's update time, never its id.
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

import orjson

from services.rendering.feeds.xml import Node
from services.rendering.pages.models import Link
from services.rendering.pages.pictures import PictureFile
from services.rendering.readmodel.names import FEED_FILES
from shared.times import rfc3339

_RSS: Mapping[str | None, str] = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}
_ATOM: Mapping[str | None, str] = {None: _RSS["atom"], "media": _RSS["media"]}
GENERATOR = "World Monitor"


@dataclass(frozen=True, slots=True)
class FeedPicture:
    """A picture in a feed, with absolute addresses: the whole one, and the file for cards (16:9 where there are crops)."""

    whole: PictureFile
    card_url: str
    alt: str
    credit: str = ""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An article in a feed. Addresses are absolute; `item_id` never changes."""

    item_id: str
    url: str
    title: str
    content_html: str
    published_at: datetime
    modified_at: datetime
    language: str
    summary: str = ""
    authors: tuple[Link, ...] = ()
    topics: tuple[str, ...] = ()
    picture: FeedPicture | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its own address (`url`), the address of its page (`home_url`), and its WebSub hub, if any."""

    feed_id: str
    url: str
    home_url: str
    title: str
    description: str
    language: str
    site_name: str
    icon_url: str
    updated_at: datetime
    items: tuple[FeedItem, ...] = ()
    hub: str = ""


def as_rss(feed: Feed) -> bytes:
    """RSS 2.0 with the whole text as `content:encoded`.

    Pictures use Media RSS. Those of our own store are enclosures too: an `enclosure` needs a length.
    """
    root = Node("rss", _RSS)
    root.set("version", "2.0")
    channel = root.add("channel")
    channel.add("title", feed.title)
    channel.add("link", feed.home_url)
    channel.add("description", feed.description)
    channel.add("language", feed.language)
    channel.add("lastBuildDate", _rfc822(feed.updated_at))
    channel.add("generator", GENERATOR)
    channel.add("atom:link", rel="self", href=feed.url, type="application/rss+xml")
    if feed.hub:
        channel.add("atom:link", rel="hub", href=feed.hub)
    image = channel.add("image")
    image.add("url", feed.icon_url)
    image.add("title", feed.title)
    image.add("link", feed.home_url)
    for item in feed.items:
        _rss_item(channel.add("item"), item)
    return root.as_bytes()


def _rss_item(node: Node, item: FeedItem) -> None:
    node.add("title", item.title)
    node.add("link", item.url)
    node.add("guid", item.item_id, isPermaLink="false")
    node.add("pubDate", _rfc822(item.published_at))
    node.add("atom:updated", rfc3339(item.modified_at))
    for author in item.authors:
        node.add("dc:creator", author.text)
    node.add("dc:language", item.language)
    for topic in item.topics:
        node.add("category", topic)
    # Readers take a description as HTML, so plain text is escaped.
    node.add("description", html.escape(item.summary, quote=False))
    node.add("content:encoded", item.content_html)
    if item.picture is not None and (known := _enclosure(item.picture)) is not None:
        node.add("enclosure", url=known.url, length=str(known.size_bytes), type=known.media_type)
    _add_picture(node, item)


@dataclass(frozen=True, slots=True)
class _Enclosure:
    url: str
    size_bytes: int
    media_type: str


def _enclosure(picture: FeedPicture) -> _Enclosure | None:
    """The whole picture, if its length and its type are known."""
    file = picture.whole
    if file.size_bytes is None or file.media_type is None:
        return None
    return _Enclosure(file.url, file.size_bytes, file.media_type)


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _add_picture(node: Node, item: FeedItem) -> None:
    if item.picture is None:
        return
    file = item.picture.whole
    media = node.add("media:content", url=file.url, medium="image")
    facts = (
        ("fileSize", file.size_bytes),
        ("type", file.media_type),
        ("width", file.width),
        ("height", file.height),
    )
    for name, value in facts:
        if value is not None:
            media.set(name, str(value))
    if item.picture.alt:
        media.add("media:description", item.picture.alt, type="plain")
    if item.picture.credit:
        media.add("media:credit", item.picture.credit)


def as_atom(feed: Feed) -> bytes:
    """Atom 1.0 with the whole text as its content."""
    root = Node("feed", _ATOM)
    root.set("xml:lang", feed.language)
    root.add("id", feed.feed_id)
    root.add("title", feed.title)
    root.add("subtitle", feed.description)
    root.add("updated", rfc3339(feed.updated_at))
    root.add("link", rel="self", href=feed.url, type="application/atom+xml")
    root.add("link", rel="alternate", href=feed.home_url, type="text/html")
    if feed.hub:
        root.add("link", rel="hub", href=feed.hub)
    root.add("author").add("name", feed.site_name)
    root.add("icon", feed.icon_url)
    root.add("generator", GENERATOR)
    for item in feed.items:
        _atom_entry(root.add("entry", xml_lang=item.language), item)
    return root.as_bytes()


def _atom_entry(node: Node, item: FeedItem) -> None:
    node.add("id", item.item_id)
    node.add("title", item.title, type="text")
    node.add("link", rel="alternate", href=item.url, type="text/html")
    node.add("published", rfc3339(item.published_at))
    node.add("updated", rfc3339(item.modified_at))
    for author in item.authors:
        person = node.add("author")
        person.add("name", author.text)
        person.add("uri", author.url)
    for topic in item.topics:
        node.add("category", term=topic)
    if item.summary:
        node.add("summary", item.summary, type="text")
    node.add("content", item.content_html, type="html")
    if item.picture is not None and (known := _enclosure(item.picture)) is not None:
        node.add("link", rel="enclosure", href=known.url, length=str(known.size_bytes), type=known.media_type)
    _add_picture(node, item)


def as_json_feed(feed: Feed) -> bytes:
    """JSON Feed 1.1."""
    written: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.url,
        "description": feed.description,
        "icon": feed.icon_url,
        "language": feed.language,
        "authors": [{"name": feed.site_name, "url": feed.home_url}],
    }
    if feed.hub:
        written["hubs"] = [{"type": "WebSub", "url": feed.hub}]
    return orjson.dumps({**written, "items": [_json_item(item) for item in feed.items]})


def _json_item(item: FeedItem) -> dict[str, object]:
    written: dict[str, object] = {
        "id": item.item_id,
        "url": item.url,
        "title": item.title,
        "content_html": item.content_html,
        "date_published": rfc3339(item.published_at),
        "date_modified": rfc3339(item.modified_at),
        "authors": [{"name": author.text, "url": author.url} for author in item.authors],
        "tags": list(item.topics),
        "language": item.language,
    }
    if item.summary:
        written["summary"] = item.summary
    if item.picture is not None:
        written["image"] = item.picture.card_url
        if (known := _enclosure(item.picture)) is not None:
            attachment = {"url": known.url, "mime_type": known.media_type, "size_in_bytes": known.size_bytes}
            written["attachments"] = [attachment]
    return written


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """A feed format: its media type and its writer."""

    media_type: str
    write: Callable[[Feed], bytes]


_RSS_FILE, _ATOM_FILE, _JSON_FILE = FEED_FILES

# By file name, the last segment of a feed's path.
FORMATS: Mapping[str, FeedFormat] = {
    _RSS_FILE: FeedFormat("application/rss+xml; charset=utf-8", as_rss),
    _ATOM_FILE: FeedFormat("application/atom+xml; charset=utf-8", as_atom),
    _JSON_FILE: FeedFormat("application/feed+json", as_json_feed),
}
