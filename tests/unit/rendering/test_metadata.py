"""Metadata: linked data agrees with the page, cards are complete, no text leaves its script element."""

import json
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from services.rendering.pages.models import Picture
from services.rendering.pages.templates import Templates
from shared.site.site import load_site
from shared.times import rfc3339
from tests.support import look_samples as samples
from tests.support.look_preview import pages

BASE_URL = "https://monitor.example"
TEMPLATES = Templates(load_site(None), BASE_URL)
# No canonical address: errors, search results, histories, previews.
_NOT_INDEXED = ("404", "410", "503", "search", "history", "preview")
PAGES = {name: page for name, page in pages(TEMPLATES).items() if not name.startswith(_NOT_INDEXED)}
HOSTILE = "</script><b></script/x <!--<script ]]> \"quoted\" 'x' &amp; <!--popular-news--> \x01 مرصد"


def parsed(page: str) -> Element:
    root: Element = html5lib.parse(page, namespaceHTMLElements=False)
    return root


def things(root: Element) -> dict[str, Any]:
    """The page's linked data by type."""
    scripts = [node for node in root.iter("script") if node.get("type") == "application/ld+json"]
    found = [json.loads(node.text or "") for node in scripts]
    assert all(thing["@context"] == "https://schema.org" for thing in found)
    return {thing["@type"]: thing for thing in found}


def metas(root: Element) -> dict[str, str]:
    nodes = [node for node in root.iter("meta") if node.get("property") or node.get("name")]
    return {(node.get("property") or node.get("name") or ""): node.get("content") or "" for node in nodes}


@pytest.mark.parametrize("name", PAGES)
def test_page_has_description_canonical_address_and_card(name: str) -> None:
    root = parsed(PAGES[name])
    found = metas(root)

    canonical = [node.get("href") for node in root.iter("link") if node.get("rel") == "canonical"]
    assert canonical == [found["og:url"]]
    assert found["og:url"].startswith(f"{BASE_URL}/")
    assert found["og:image"].startswith("https://")
    for needed in ("description", "og:title", "og:type", "og:description", "og:image:alt", "og:site_name"):
        assert found[needed], needed
    assert found["twitter:card"] in ("summary", "summary_large_image")
    # The week of the sample is not over.
    assert found["robots"] == ("noindex" if name == "archive-arabic" else "max-image-preview:large")


def test_linked_data_of_article_agrees_with_its_page() -> None:
    view = samples.article()
    root = parsed(TEMPLATES.article(view))

    news = things(root)["NewsArticle"]

    shown = {" ".join("".join(node.itertext()).split()) for node in root.iter("h1")}
    assert {news["headline"]} == shown
    times = [node.get("datetime") for node in root.findall(".//p[@class='dates']/time")]
    assert times[0] == rfc3339(view.published_at)
    assert news["datePublished"] == times[0] == metas(root)["article:published_time"]
    assert news["dateModified"] >= news["datePublished"]
    authors = [(a.text, BASE_URL + (a.get("href") or "")) for a in root.findall(".//p[@class='bylines']/a/bdi/..")]
    assert [author["url"] for author in news["author"]] == [url for _, url in authors]
    assert all(author["@type"] == "Person" and author["name"] for author in news["author"])
    assert all(image["url"].startswith("https://") for image in news["image"])
    assert news["publisher"]["logo"]["url"].startswith(f"{BASE_URL}/static/")
    assert news["mainEntityOfPage"] == BASE_URL + view.url


def test_breadcrumb_data_agrees_with_the_page() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    crumbs = things(root)["BreadcrumbList"]["itemListElement"]

    shown = [(a.text, BASE_URL + (a.get("href") or "")) for a in root.findall(".//nav[@class='breadcrumb']//a")]
    assert [(crumb["name"], crumb["item"]) for crumb in crumbs[:2]] == shown
    assert [crumb["position"] for crumb in crumbs] == [1, 2, 3]


def test_front_page_describes_the_search() -> None:
    found = things(parsed(TEMPLATES.home(samples.home())))

    action = found["WebSite"]["potentialAction"]
    assert action["target"]["urlTemplate"] == f"{BASE_URL}/search?q={{search_term_string}}"
    assert action["query-input"] == "required name=search_term_string"
    assert found["NewsMediaOrganization"]["logo"]["width"] == 512


def test_markup_in_texts_cannot_leave_linked_data() -> None:
    view = replace(samples.article(), headline=HOSTILE, standfirst=HOSTILE)

    page = TEMPLATES.article(view)

    root = parsed(page)
    assert things(root)["NewsArticle"]["headline"] == HOSTILE
    assert not list(root.iter("b"))
    assert page.count("<!--popular-news-->") == 1
    assert metas(root)["og:title"].startswith(HOSTILE[:20])


def test_picture_by_its_address_has_no_size() -> None:
    theirs = replace(samples.article(), picture=Picture("https://other.example/a.jpg", "A"))

    found = metas(parsed(TEMPLATES.article(theirs)))

    assert found["og:image"] == "https://other.example/a.jpg"
    assert "og:image:width" not in found


def test_own_picture_is_given_in_three_shapes_with_sizes() -> None:
    view = replace(samples.article(), picture=replace(samples.stored_picture(0), alt="", credit="Photo: A. B."))
    folder = f"{BASE_URL}/media/0123456789abcdef"

    root = parsed(TEMPLATES.article(view))
    images, found = things(root)["NewsArticle"]["image"], metas(root)

    assert [(image["url"], image["width"], image["height"]) for image in images] == [
        (f"{folder}/16x9-1280-0a1b2c3d.jpg", 1280, 720),
        (f"{folder}/4x3-1200-0a1b2c3d.jpg", 1200, 900),
        (f"{folder}/1x1-1200-0a1b2c3d.jpg", 1200, 1200),
    ]
    assert {image["@type"] for image in images} == {"ImageObject"}
    assert {image["creditText"] for image in images} == {"Photo: A. B."}
    assert (found["og:image"], found["og:image:width"], found["twitter:image"]) == (
        images[0]["url"],
        "1280",
        images[0]["url"],
    )
    assert not [name for name in found if name.endswith("image:alt")], "a decorative picture has no text"


def test_description_without_standfirst_is_the_beginning_of_the_text() -> None:
    view = replace(samples.article(), standfirst="", body_html=f"<p>One &amp; two.</p><p>{'word ' * 90}</p>")

    root = parsed(TEMPLATES.article(view))
    description = metas(root)["description"]

    assert things(root)["NewsArticle"]["description"] == description
    assert description.startswith("One & two. word")
    assert description.endswith("word…")
    assert len(description) <= 200


def test_list_page_links_its_feeds() -> None:
    root = parsed(TEMPLATES.list_page(samples.tag_list()))

    kinds = {node.get("type"): node.get("href") for node in root.iter("link") if node.get("rel") == "alternate"}
    paths = [node.get("href") for node in root.iter("link") if node.get("rel") == "alternate"]
    assert set(kinds) == {"application/rss+xml", "application/atom+xml", "application/feed+json"}
    assert paths[0] == f"{samples.tag_list().path}/feed.xml"
    assert "/feed.xml" in paths
