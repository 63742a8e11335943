"""What pages say about themselves: linked data that agrees with what readers see, cards, and no way out of the script."""

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
# Errors and results of a search are not for machines to keep: they have no address of their own.
_NOT_KEPT = ("404", "410", "410-arabic", "503", "search", "search-arabic", "search-nothing", "search-empty")
PAGES = {name: page for name, page in pages(TEMPLATES).items() if name not in _NOT_KEPT}
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
def test_every_page_has_a_description_an_address_and_a_whole_card(name: str) -> None:
    root = parsed(PAGES[name])
    said = metas(root)

    canonical = [node.get("href") for node in root.iter("link") if node.get("rel") == "canonical"]
    assert canonical == [said["og:url"]]
    assert said["og:url"].startswith(f"{BASE_URL}/")
    assert said["og:image"].startswith("https://")
    for needed in ("description", "og:title", "og:type", "og:description", "og:image:alt", "og:site_name"):
        assert said[needed], needed
    assert said["twitter:card"] in ("summary", "summary_large_image")
    assert said["robots"] == "max-image-preview:large"


def test_an_articles_linked_data_agrees_with_the_page() -> None:
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
    assert all(url.startswith("https://") for url in news["image"])
    assert news["publisher"]["logo"]["url"].startswith(f"{BASE_URL}/static/")
    assert news["mainEntityOfPage"] == BASE_URL + view.url


def test_the_breadcrumb_is_the_one_that_is_shown() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    crumbs = things(root)["BreadcrumbList"]["itemListElement"]

    shown = [(a.text, BASE_URL + (a.get("href") or "")) for a in root.findall(".//nav[@class='breadcrumb']//a")]
    assert [(crumb["name"], crumb["item"]) for crumb in crumbs[:2]] == shown
    assert [crumb["position"] for crumb in crumbs] == [1, 2, 3]


def test_the_front_page_says_how_to_search() -> None:
    found = things(parsed(TEMPLATES.home(samples.home())))

    action = found["WebSite"]["potentialAction"]
    assert action["target"]["urlTemplate"] == f"{BASE_URL}/search?q={{search_term_string}}"
    assert action["query-input"] == "required name=search_term_string"
    assert found["NewsMediaOrganization"]["logo"]["width"] == 512


def test_hostile_texts_stay_in_the_data() -> None:
    view = replace(samples.article(), headline=HOSTILE, standfirst=HOSTILE)

    page = TEMPLATES.article(view)

    root = parsed(page)
    assert things(root)["NewsArticle"]["headline"] == HOSTILE
    assert not list(root.iter("b"))
    assert page.count("<!--popular-news-->") == 1
    assert metas(root)["og:title"].startswith(HOSTILE[:20])


def test_the_size_of_a_picture_is_said_where_it_is_known() -> None:
    ours = replace(samples.article(), picture=Picture("/media/edition/a.jpg", "A"))
    theirs = replace(samples.article(), picture=Picture("https://other.example/a.jpg", "A"))

    known, unknown = (metas(parsed(TEMPLATES.article(view))) for view in (ours, theirs))

    assert (known["og:image"], known["og:image:width"], known["og:image:height"]) == (
        f"{BASE_URL}/media/edition/a.jpg",
        "1280",
        "720",
    )
    assert unknown["og:image"] == "https://other.example/a.jpg"
    assert "og:image:width" not in unknown


def test_an_article_without_a_standfirst_is_described_by_its_beginning() -> None:
    view = replace(samples.article(), standfirst="", body_html=f"<p>One &amp; two.</p><p>{'word ' * 90}</p>")

    root = parsed(TEMPLATES.article(view))
    said = metas(root)["description"]

    assert things(root)["NewsArticle"]["description"] == said
    assert said.startswith("One & two. word")
    assert said.endswith("word…")
    assert len(said) <= 200


def test_feeds_are_found_from_the_pages_that_they_are_of() -> None:
    root = parsed(TEMPLATES.list_page(samples.tag_list()))

    kinds = {node.get("type"): node.get("href") for node in root.iter("link") if node.get("rel") == "alternate"}
    paths = [node.get("href") for node in root.iter("link") if node.get("rel") == "alternate"]
    assert set(kinds) == {"application/rss+xml", "application/atom+xml", "application/feed+json"}
    assert paths[0] == f"{samples.tag_list().path}/feed.xml"
    assert "/feed.xml" in paths
