"""Feeds, read back by independent parsers and checked against the rules in `docs/ARCHITECTURE.md` 4.8."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
import pytest
from lxml import etree

from services.rendering.feeds.feeds import FORMATS, Feed, FeedItem, FeedPicture, as_atom, as_json_feed, as_rss
from services.rendering.feeds.xml import absolute_html
from services.rendering.pages.models import Link
from services.rendering.pages.pictures import PictureFile

SITE = "https://monitor.example"
NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOSTILE = "</script>]]> \"quoted\" 'x' <b>&amp; مرصد العالم \x00\x0b\x1f\ufffe end"
WRITTEN = "</script>]]> \"quoted\" 'x' <b>&amp; مرصد العالم  end"
NAMES = {"atom": "http://www.w3.org/2005/Atom", "media": "http://search.yahoo.com/mrss/"}


LAKE = FeedPicture(
    PictureFile(f"{SITE}/media/0/original-1.png", "image/png", 2000, 1500, 123_456),
    f"{SITE}/media/0/16x9-1280-1.jpg",
    "A lake",
    "Drawn",
)
OF_OTHERS = FeedPicture(PictureFile("https://other.example/a.jpg"), "https://other.example/a.jpg", "A lake")


def an_item(number: int = 1, **changes: object) -> FeedItem:
    item = FeedItem(
        item_id=f"tag:monitor.example,2023:{number}",
        url=f"{SITE}/world/{number}",
        title=f"Headline {number}",
        content_html=f"<p>The whole text of {number}.</p>",
        published_at=NOON - timedelta(hours=number),
        modified_at=NOON - timedelta(hours=number),
        language="en",
        summary="In short.",
        authors=(Link("Ada Byrne", f"{SITE}/author/ada-byrne"),),
        topics=("World", "Lakes"),
        picture=LAKE,
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_feed(*items: FeedItem, file: str = "feed.xml", hub: str = "https://hub.example/") -> Feed:
    return Feed(
        feed_id="tag:monitor.example,2023:/",
        url=f"{SITE}/{file}",
        home_url=f"{SITE}/",
        title="World Monitor",
        description="News & more",
        language="en",
        site_name="World Monitor",
        icon_url=f"{SITE}/static/icon.png",
        updated_at=NOON,
        items=items,
        hub=hub,
    )


def parsed(written: bytes) -> Any:
    found = feedparser.parse(written)
    assert not found.bozo, found.bozo_exception
    return found


@pytest.mark.parametrize("file", ["feed.xml", "atom.xml"])
def test_feedparser_reads_all_items_complete_and_in_order(file: str) -> None:
    feed = a_feed(an_item(1), an_item(2), file=file)

    found = parsed(FORMATS[file].write(feed))

    assert [entry.title for entry in found.entries] == ["Headline 1", "Headline 2"]
    assert [entry.id for entry in found.entries] == [item.item_id for item in feed.items]
    assert [entry.link for entry in found.entries] == [item.url for item in feed.items]
    first = found.entries[0]
    assert first.content[0].value == "<p>The whole text of 1.</p>"
    assert (first.summary, first.author) == ("In short.", "Ada Byrne")
    assert [tag.term for tag in first.tags] == ["World", "Lakes"]
    assert first.published_parsed[:5] == (2026, 3, 1, 11, 30)
    assert first.media_content[0]["url"] == f"{SITE}/media/0/original-1.png"
    links = {link.rel: link.href for link in found.feed.links}
    assert links["self"] == feed.url
    assert links["hub"] == "https://hub.example/"
    assert links["alternate"] == feed.home_url


def test_rss_meets_the_rules_of_validators() -> None:
    root = etree.fromstring(as_rss(a_feed(an_item(), an_item(2))))

    channel = root.find("channel")
    assert root.get("version") == "2.0"
    assert all(channel.findtext(name) for name in ("title", "link", "description"))
    for item in channel.findall("item"):
        assert item.find("guid").get("isPermaLink") == "false"
        written = item.findtext("pubDate")
        moment = parsedate_to_datetime(written)
        assert written.startswith(f"{moment:%a}, "), "wrong weekday"
        assert written.endswith(" GMT")
        enclosure = item.find("enclosure")
        assert dict(enclosure.attrib) == {"url": LAKE.whole.url, "length": "123456", "type": "image/png"}
    assert len({guid.text for guid in root.iter("guid")}) == 2
    assert re.search(rb'(?:href|src|url)="(?!https://)', etree.tostring(root)) is None


def test_picture_by_address_is_no_enclosure_since_its_length_is_not_known() -> None:
    feed = a_feed(an_item(picture=OF_OTHERS))

    item = etree.fromstring(as_rss(feed)).find("channel/item")
    entry = etree.fromstring(as_atom(feed)).find("{*}entry")
    (written,) = json.loads(as_json_feed(feed))["items"]

    assert item.find("enclosure") is None
    assert entry.find("{*}link[@rel='enclosure']") is None
    assert "attachments" not in written
    for node in (item, entry):
        assert dict(node.find("media:content", NAMES).attrib) == {"url": OF_OTHERS.card_url, "medium": "image"}
    assert written["image"] == OF_OTHERS.card_url


def test_rss_description_is_escaped_twice_for_html_readers() -> None:
    item = etree.fromstring(as_rss(a_feed(an_item(summary="2 < 3 & <i>so</i>")))).find("channel/item")

    assert item.findtext("description") == "2 &lt; 3 &amp; &lt;i&gt;so&lt;/i&gt;"


def test_atom_meets_the_rules_of_validators() -> None:
    root = etree.fromstring(as_atom(a_feed(an_item(), file="atom.xml")))

    ids = [node.text for node in root.iter(f"{{{NAMES['atom']}}}id")]
    assert len(ids) == len(set(ids)) == 2
    for node in (root, *root.findall("atom:entry", NAMES)):
        for name in ("id", "title", "updated", "author/atom:name"):
            assert node.findtext(f"atom:{name}", namespaces=NAMES), name
    entry = root.find("atom:entry", NAMES)
    assert datetime.fromisoformat(entry.findtext("atom:updated", namespaces=NAMES)).tzinfo
    assert entry.find("atom:content", NAMES).get("type") == "html"
    assert entry.find("atom:link[@rel='alternate']", NAMES).get("href") == f"{SITE}/world/1"
    enclosure = entry.find("atom:link[@rel='enclosure']", NAMES)
    assert (enclosure.get("href"), enclosure.get("length")) == (LAKE.whole.url, "123456")
    assert (enclosure.get("type"), entry.find("media:content", NAMES).get("width")) == ("image/png", "2000")


def test_json_feed_has_all_required_fields() -> None:
    found = json.loads(as_json_feed(a_feed(an_item(), file="feed.json")))

    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["feed_url"] == f"{SITE}/feed.json"
    assert found["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    item = found["items"][0]
    assert isinstance(item["id"], str)
    assert item["content_html"] == "<p>The whole text of 1.</p>"
    assert datetime.fromisoformat(item["date_published"]).tzinfo
    assert item["date_modified"] >= item["date_published"]
    assert item["authors"] == [{"name": "Ada Byrne", "url": f"{SITE}/author/ada-byrne"}]
    assert item["image"] == LAKE.card_url
    assert item["attachments"] == [{"url": LAKE.whole.url, "mime_type": "image/png", "size_in_bytes": 123456}]


def test_feed_without_hub_names_none() -> None:
    for form in FORMATS.values():
        assert b"hub" not in form.write(a_feed(an_item(), hub=""))


def test_correction_changes_update_time_but_not_id_or_date() -> None:
    before, after = an_item(), an_item(modified_at=NOON + timedelta(days=3))

    for file in ("feed.xml", "atom.xml"):
        old, new = (parsed(FORMATS[file].write(a_feed(item))).entries[0] for item in (before, after))
        assert (old.id, old.published) == (new.id, new.published)
        assert new.updated_parsed > old.updated_parsed


@pytest.mark.parametrize("file", FORMATS)
def test_markup_in_texts_is_escaped_in_every_format(file: str) -> None:
    item = an_item(title=HOSTILE, summary=HOSTILE, authors=(Link(HOSTILE, SITE),), topics=(HOSTILE,))

    written = FORMATS[file].write(replace(a_feed(item), title=HOSTILE))

    if file == "feed.json":
        assert json.loads(written)["items"][0]["title"] == HOSTILE
    else:
        root = etree.fromstring(written)
        titles = [node.text for node in root.iter("{*}title")]
        assert set(titles) == {WRITTEN}
        assert not [node for node in root.iter() if etree.QName(node).localname in ("b", "script")]


def test_feed_without_items_is_valid() -> None:
    for file in ("feed.xml", "atom.xml"):
        assert parsed(FORMATS[file].write(a_feed())).feed.title == "World Monitor"
    assert json.loads(as_json_feed(a_feed()))["items"] == []


def test_same_feed_gives_same_bytes() -> None:
    for form in FORMATS.values():
        assert form.write(a_feed(an_item())) == form.write(a_feed(an_item()))


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ('<a href="/tag/x">x</a>', f'<a href="{SITE}/tag/x">x</a>'),
        ('<a href="#note">x</a>', f'<a href="{SITE}/world/a#note">x</a>'),
        ('<img src="/media/a.jpg" alt="A">', f'<img src="{SITE}/media/a.jpg" alt="A">'),
        (
            '<figure class="picture"><picture><source type="image/avif" srcset="/media/0/a.avif 640w" sizes="100vw">'
            '<img class="tone-123" src="/media/0/a.jpg" srcset="/media/0/a.jpg 640w" sizes="100vw" alt="A" width="640" '
            'height="480" loading="lazy" decoding="async"></picture><figcaption>B</figcaption></figure>',
            f'<figure class="picture"><img src="{SITE}/media/0/a.jpg" alt="A" width="640" height="480">'
            "<figcaption>B</figcaption></figure>",
        ),
        ('<a href="https://other.example/x">x</a>', '<a href="https://other.example/x">x</a>'),
        ("<p>One</p>\n<p>Two &amp; ]]&gt; مرحبا</p>", "<p>One</p>\n<p>Two &amp; ]]&gt; مرحبا</p>"),
        ("plain", "plain"),
        ("", ""),
        ("<p>\x00\x0bA</p>", "<p>A</p>"),
    ],
)
def test_addresses_in_feed_content_are_absolute(inside: str, outside: str) -> None:
    assert absolute_html(inside, f"{SITE}/world/a") == outside
