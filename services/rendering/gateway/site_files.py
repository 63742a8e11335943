"""The site's ready files: stylesheet, scripts, typefaces and icons; robots.txt, the search description, the web manifest."""

from collections.abc import Mapping

import orjson

from services.rendering.feeds.xml import Node
from services.rendering.pages.assets import Asset, Assets
from services.rendering.pages.page import FOR_EVER, Page, PageKind
from shared.http.ready_response import DateLine
from shared.site.site import Site
from shared.site.words import direction

OPENSEARCH, MANIFEST, ROBOTS = "/opensearch.xml", "/site.webmanifest", "/robots.txt"
OPENSEARCH_TYPE = "application/opensearchdescription+xml"
_FAVICON = "/favicon.ico"
# The routes in metrics.
_ASSET_ROUTE = "/static/{file}"
_SIGNPOST_ROUTE = "/{signpost}"
_AN_HOUR = "public, max-age=3600"
_A_DAY = "public, max-age=86400"
# WOFF2 and PNG are compressed formats.
_COMPRESSED = frozenset({"font/woff2", "image/png"})
_OPENSEARCH: Mapping[str | None, str] = {None: "http://a9.com/-/spec/opensearch/1.1/"}
# The longest ShortName of OpenSearch 1.1 (draft 6).
_SHORT_NAME = 16
# Words for the example query that every OpenSearch description should have: a client may test the address with them.
_EXAMPLE = "news"


def site_files(date: DateLine, site: Site, base_url: str, assets: Assets) -> Mapping[str, Page]:
    """Every file by its path. Built once, at start."""
    return {**_asset_files(date, assets), **_signposts(date, site, base_url, assets)}


def _asset_files(date: DateLine, assets: Assets) -> Mapping[str, Page]:
    """The assets, and the icon at the path where browsers look for it unasked."""
    files = {url: _asset_page(date, asset, FOR_EVER) for url, asset in assets.by_url.items()}
    icon = assets.by_url[assets.url("icon.svg")]
    return {**files, _FAVICON: _asset_page(date, icon, _A_DAY)}


def _asset_page(date: DateLine, asset: Asset, cache_control: str) -> Page:
    kind = PageKind(
        _ASSET_ROUTE,
        media_type=asset.media_type,
        cache_control=cache_control,
        compressible=asset.media_type not in _COMPRESSED,
    )
    return Page(date, kind, asset.content)


def _signposts(date: DateLine, site: Site, base_url: str, assets: Assets) -> Mapping[str, Page]:
    """Files that tell machines how to use the site."""
    contents = {
        ROBOTS: ("text/plain; charset=utf-8", robots(base_url)),
        OPENSEARCH: (OPENSEARCH_TYPE, opensearch(site, base_url, assets)),
        MANIFEST: ("application/manifest+json", manifest(site, assets)),
    }
    return {
        path: Page(date, PageKind(_SIGNPOST_ROUTE, media_type=media_type, cache_control=_AN_HOUR), content)
        for path, (media_type, content) in contents.items()
    }


def robots(base_url: str) -> bytes:
    """Crawlers may read all but the API and the desk. Search results stay allowed: crawlers must see their `noindex`."""
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
    """The web app manifest: lets phones add the site to the home screen."""
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
