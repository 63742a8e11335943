"""Files about the site for machines: robots.txt, the OpenSearch description, the web manifest. Rendered once, at start."""

from collections.abc import Mapping

import orjson

from services.rendering.feeds.xml import Node
from services.rendering.pages.assets import Assets
from services.rendering.pages.language import direction
from services.rendering.pages.page import Page, PageKind
from shared.http.ready_response import DateLine
from shared.site.site import Site

OPENSEARCH, MANIFEST, ROBOTS = "/opensearch.xml", "/site.webmanifest", "/robots.txt"
OPENSEARCH_TYPE = "application/opensearchdescription+xml"
_ROUTE = "/{signpost}"
_AN_HOUR = "public, max-age=3600"
_OPENSEARCH: Mapping[str | None, str] = {None: "http://a9.com/-/spec/opensearch/1.1/"}
# The longest ShortName of OpenSearch 1.1 (draft 6).
_SHORT_NAME = 16
# Words for the example query that every OpenSearch description should have: a client may test the address with them.
_EXAMPLE = "news"


def ready_signposts(date: DateLine, site: Site, base_url: str, assets: Assets) -> Mapping[str, Page]:
    """Each by its path."""
    written = {
        ROBOTS: ("text/plain; charset=utf-8", robots(base_url)),
        OPENSEARCH: (OPENSEARCH_TYPE, opensearch(site, base_url, assets)),
        MANIFEST: ("application/manifest+json", manifest(site, assets)),
    }
    return {
        path: Page(date, PageKind(_ROUTE, media_type=media_type, cache_control=_AN_HOUR), content)
        for path, (media_type, content) in written.items()
    }


def robots(base_url: str) -> bytes:
    """Everything but the API and the desk. Search results are allowed, because crawlers must see their `noindex`."""
    lines = [
        "User-agent: *",
        "Disallow: /v1/",
        "Allow: /v1/oembed",
        "Disallow: /desk",
        "",
        f"Sitemap: {base_url}/sitemap.xml",
        f"Sitemap: {base_url}/news-sitemap.xml",
        "",
    ]
    return "\n".join(lines).encode()


def opensearch(site: Site, base_url: str, assets: Assets) -> bytes:
    """The OpenSearch 1.1 description: how browsers search the site."""
    root = Node("OpenSearchDescription", _OPENSEARCH)
    root.add("ShortName", site.name[:_SHORT_NAME])
    root.add("Description", site.tagline)
    root.add("InputEncoding", "UTF-8")
    root.add("Language", site.language)
    root.add("Image", base_url + assets.url("icon.svg"), type="image/svg+xml", width="16", height="16")
    root.add("Url", type="text/html", template=f"{base_url}/search?q={{searchTerms}}")
    root.add("Query", role="example", searchTerms=_EXAMPLE)
    return root.as_bytes()


def manifest(site: Site, assets: Assets) -> bytes:
    """The web manifest: a phone can add the site to its home screen."""
    icons = [("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any")]
    icons.append(("icon-maskable-512.png", "512x512", "maskable"))
    return orjson.dumps(
        {
            "name": site.name,
            "short_name": site.name[:_SHORT_NAME],
            "description": site.tagline,
            "lang": site.language,
            "dir": direction(site.language),
            "id": "/",
            "start_url": "/",
            "scope": "/",
            "display": "minimal-ui",
            "background_color": site.palette.light.paper,
            "theme_color": site.palette.light.paper,
            "icons": [
                {"src": assets.url(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
                for name, sizes, purpose in icons
            ],
        }
    )
