"""Every place where readers and machines meet an article. A part that shows articles somewhere new adds one line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.running import Platform


@dataclass(frozen=True)
class Place:
    """A path, with `{url}` and `{id}` of the article, `{neighbour}` and `{sibling}` as its surroundings' pages.

    Gateways are asked one by one and through the edge, `api`s through the edge alone. `withdrawn` is the status there when
    the article is gone: 200 where a list merely lacks it.
    """

    name: str
    path: str
    by: Literal["gateway", "api"] = "gateway"
    withdrawn: int = 200
    names_it: bool = True


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
)


async def lagging(platform: Platform, words: Mapping[str, str], *, shows: str | None, not_: str) -> list[str]:
    """The places that do not show `shows` (None: that the article is not gone from) or still show `not_`."""
    found: list[str] = []
    gateways = [str(process["url"]) for process in platform.processes("rendering")]
    for place in PLACES:
        for base in (platform.edge, *(gateways if place.by == "gateway" else ())):
            status, text = await platform.page(place.path.format_map(words), base=base)
            wanted = place.withdrawn if shows is None else 200
            lacks = shows is not None and place.names_it and shows not in text
            if status != wanted or lacks or not_ in text:
                found.append(f"{place.name} at {base}: {status}")
    return found
