"""The site's own files, ready to be sent: stylesheet, script, typefaces, icon."""

from collections.abc import Mapping

from services.rendering.pages.assets import Asset, Assets
from services.rendering.pages.page import FOR_EVER, Page, PageKind
from shared.http.ready_response import DateLine

ROUTE = "/static/{file}"
_FAVICON = "/favicon.ico"
_A_DAY = "public, max-age=86400"
# Typefaces in WOFF2 and pictures in PNG are compressed by their own formats.
_COMPRESSED = frozenset({"font/woff2", "image/png"})


def ready_files(date: DateLine, assets: Assets) -> Mapping[str, Page]:
    """Every file by its path. Browsers that look for an icon at the old place get the one there is."""
    files = {url: _page(date, asset, FOR_EVER) for url, asset in assets.by_url.items()}
    icon = assets.by_url[assets.url("icon.svg")]
    return {**files, _FAVICON: _page(date, icon, _A_DAY)}


def _page(date: DateLine, asset: Asset, cache_control: str) -> Page:
    kind = PageKind(
        ROUTE,
        media_type=asset.media_type,
        cache_control=cache_control,
        compressible=asset.media_type not in _COMPRESSED,
    )
    return Page(date, kind, asset.content)
