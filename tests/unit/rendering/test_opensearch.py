"""The OpenSearch description, against OpenSearch 1.1 (draft 6)."""

from lxml import etree

from services.rendering.gateway.site_files import opensearch
from services.rendering.pages.assets import Assets
from shared.site.site import load_site

# https://github.com/dewitt/opensearch/blob/master/opensearch-1-1-draft-6.md#the-url-element
URL_ATTRIBUTES = {"template", "type", "rel", "indexOffset", "pageOffset"}


def description() -> etree._Element:
    return etree.fromstring(opensearch(load_site(None), "https://monitor.example", Assets()))


def test_url_element_has_only_attributes_of_the_standard() -> None:
    (url,) = description().findall("{*}Url")

    assert set(url.attrib) <= URL_ATTRIBUTES
    assert url.get("template") == "https://monitor.example/search?q={searchTerms}"


def test_description_has_an_example_query() -> None:
    (query,) = description().findall("{*}Query")

    assert query.get("role") == "example"
    assert query.get("searchTerms")
