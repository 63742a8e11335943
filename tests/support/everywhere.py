"""Every place where readers and machines meet an article. A part that shows articles somewhere new adds one line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.support.running import Platform


@dataclass(frozen=True)
class Place:
    """A path, with `{url}` and `{id}` of the article, `{neighbour}` and `{sibling}` as its surroundings' pages, `{site}` before.

    Gateways are asked one by one and through the edge, `api`s through the edge alone. `withdrawn` is the status there when
    the article is gone: 200 where a list merely lacks it. Most places name the article by its headline, sitemaps by its address.
    """

    name: str
    path: str
    by: Literal["gateway", "api"] = "gateway"
    withdrawn: int = 200
    names_it: bool = True
    by_address: bool = False


PLACES = (
    Place("page", "{url}", withdrawn=410),
    Place("front page", "/"),
    Place("section", "/africa"),
    Place("tag", "/tag/old-light"),
    Place("author", "/author/ines-halloran"),
    Place("neighbour", "{neighbour}"),
    Place("recommended", "{sibling}"),
    Place("popular news on a page", "/about"),
    Place("popular page", "/popular"),
    Place("ranking", "/v1/popular?window=24h", by="api"),
    Place("ranking of its section", "/v1/popular?window=24h&section=africa", by="api"),
    Place("comments", "/v1/articles/{id}/comments", by="api", withdrawn=410, names_it=False),
    Place("view counts", "/v1/articles/{id}/views", by="api", withdrawn=410, names_it=False),
    Place("RSS of the site", "/feed.xml"),
    Place("RSS of its section", "/africa/feed.xml"),
    Place("RSS of its tag", "/tag/old-light/feed.xml"),
    Place("RSS of its author", "/author/ines-halloran/feed.xml"),
    Place("Atom of the site", "/atom.xml"),
    Place("Atom of its section", "/africa/atom.xml"),
    Place("Atom of its tag", "/tag/old-light/atom.xml"),
    Place("Atom of its author", "/author/ines-halloran/atom.xml"),
    Place("JSON Feed of the site", "/feed.json"),
    Place("JSON Feed of its section", "/africa/feed.json"),
    Place("JSON Feed of its tag", "/tag/old-light/feed.json"),
    Place("JSON Feed of its author", "/author/ines-halloran/feed.json"),
    Place("sitemap", "/sitemap-newest.xml", by_address=True),
    Place("news sitemap", "/news-sitemap.xml"),
    Place("oEmbed", "/v1/oembed?url={site}{url}", withdrawn=404),
    Place("search", "/v1/search?q=beacon+relit", by="api"),
    Place("page of results", "/search?q=beacon+relit"),
)


async def lagging(platform: Platform, words: Mapping[str, str], *, shows: str | None, not_: str) -> list[str]:
    """The places that do not show `shows` (None: that the article is not gone from) or still show `not_`."""
    found: list[str] = []
    gateways = [str(process["url"]) for process in platform.processes("rendering")]
    for place in PLACES:
        for base in (platform.edge, *(gateways if place.by == "gateway" else ())):
            status, text = await platform.page(place.path.format_map(words), base=base)
            wanted = place.withdrawn if shows is None else 200
            if status != wanted or not _is_up_to_date(place, text, words, shows, not_):
                found.append(f"{place.name} at {base}: {status}")
    return found


def _is_up_to_date(place: Place, text: str, words: Mapping[str, str], shows: str | None, not_: str) -> bool:
    if place.by_address:
        return (f"{words['url']}<" in text) is (shows is not None)
    return not_ not in text and (shows is None or not place.names_it or shows in text)
