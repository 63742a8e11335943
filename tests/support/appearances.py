"""Every URL at which an article appears. A feature that shows articles at a new URL adds a line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.support.running import Platform


@dataclass(frozen=True)
class Appearance:
    """A page or an API response that shows an article.

    `path` may contain `{url}` and `{id}` of the article, `{neighbour}` and `{sibling}` (paths of related articles) and
    `{site}`. Tests request `gateway` paths from each gateway and through the edge, `api` paths only through the edge.
    `withdrawn_status` is the status after a withdrawal: 200 for a list. `has_headline` is false where no headline is shown;
    with `has_only_url` the URL identifies the article instead.
    """

    name: str
    path: str
    served_by: Literal["gateway", "api"] = "gateway"
    withdrawn_status: int = 200
    has_headline: bool = True
    has_only_url: bool = False


APPEARANCES = (
    Appearance("page", "{url}", withdrawn_status=410),
    Appearance("front page", "/"),
    Appearance("section", "/africa"),
    Appearance("tag", "/tag/old-light"),
    Appearance("author", "/author/ines-halloran"),
    Appearance("neighbour", "{neighbour}"),
    Appearance("recommended", "{sibling}"),
    Appearance("popular news on a page", "/about"),
    Appearance("popular page", "/popular"),
    Appearance("ranking", "/v1/popular?window=24h", served_by="api"),
    Appearance("ranking of its section", "/v1/popular?window=24h&section=africa", served_by="api"),
    Appearance("comments", "/v1/articles/{id}/comments", served_by="api", withdrawn_status=410, has_headline=False),
    Appearance("view counts", "/v1/articles/{id}/views", served_by="api", withdrawn_status=410, has_headline=False),
    Appearance("RSS of the site", "/feed.xml"),
    Appearance("RSS of its section", "/africa/feed.xml"),
    Appearance("RSS of its tag", "/tag/old-light/feed.xml"),
    Appearance("RSS of its author", "/author/ines-halloran/feed.xml"),
    Appearance("Atom of the site", "/atom.xml"),
    Appearance("Atom of its section", "/africa/atom.xml"),
    Appearance("Atom of its tag", "/tag/old-light/atom.xml"),
    Appearance("Atom of its author", "/author/ines-halloran/atom.xml"),
    Appearance("JSON Feed of the site", "/feed.json"),
    Appearance("JSON Feed of its section", "/africa/feed.json"),
    Appearance("JSON Feed of its tag", "/tag/old-light/feed.json"),
    Appearance("JSON Feed of its author", "/author/ines-halloran/feed.json"),
    Appearance("sitemap", "/sitemap-newest.xml", has_only_url=True),
    Appearance("news sitemap", "/news-sitemap.xml"),
    Appearance("oEmbed", "/v1/oembed?url={site}{url}", withdrawn_status=404),
    Appearance("search", "/v1/search?q=beacon+relit", served_by="api"),
    Appearance("page of results", "/search?q=beacon+relit"),
)


async def outdated(
    platform: Platform, variables: Mapping[str, str], *, expected: str | None, unexpected: str
) -> list[str]:
    """Appearances that do not show the headline `expected`, or that still show `unexpected`.

    `expected` is None after a withdrawal: then the article must be absent. `variables` fill in the paths.
    """
    found: list[str] = []
    gateways = [str(process["url"]) for process in platform.processes("rendering")]
    for appearance in APPEARANCES:
        for base in (platform.edge, *(gateways if appearance.served_by == "gateway" else ())):
            status, text = await platform.page(appearance.path.format_map(variables), base=base)
            wanted = appearance.withdrawn_status if expected is None else 200
            if status != wanted or not _is_current(appearance, text, variables["url"], expected, unexpected):
                found.append(f"{appearance.name} at {base}: {status}")
    return found


def _is_current(appearance: Appearance, text: str, url: str, expected: str | None, unexpected: str) -> bool:
    if appearance.has_only_url:
        return (f"{url}<" in text) is (expected is not None)
    return unexpected not in text and (expected is None or not appearance.has_headline or expected in text)
