"""The page of search results, from the search service. Never cached: the number of addresses is unlimited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import parse_qsl

from services.rendering.gateway.service_client import Json, ServiceClient
from services.rendering.pages.addresses import LONGEST_TARGET, Refused
from services.rendering.pages.layout import error_view
from services.rendering.pages.models import FoundView, SearchView
from services.rendering.pages.page import Page, PageKind
from services.rendering.pages.popular import Block
from services.rendering.pages.reading import Reading
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.store import ReadModel
from shared.http.ready_response import DateLine
from shared.site.site import Site

PATH = "/search"
PAGE_ITEMS = 10
# The search service returns at most 100 results.
MOST_PAGES = 10
_MOST_PARAMETERS = 16
# Browsers revalidate each time; shared caches store nothing.
_PRIVATE = "private, no-cache"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A reader's search. `q` may be empty. `language` is that of the page with the form, or empty.

    `from_day` and `to_day` are the first and the last day (UTC) of publication; None leaves that side open.
    """

    q: str = ""
    section: str = ""
    page: int = 1
    language: str = ""
    from_day: date | None = None
    to_day: date | None = None


def read_search(target: str) -> SearchQuery | Refused:
    """Read a request target; 400 if it is invalid."""
    if len(target) > LONGEST_TARGET:
        return Refused(414)
    try:
        pairs = parse_qsl(
            target.partition("?")[2], keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict"
        )
        given = dict(reversed(pairs))
        days = _read_day(given.get("from", "")), _read_day(given.get("to", ""))
    except ValueError:
        return Refused(400)
    page = given.get("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) < 6 and int(page)):
        return Refused(400)
    if int(page) > MOST_PAGES:
        return Refused(404)
    return SearchQuery(
        given.get("q", "").strip(), given.get("section", ""), int(page), given.get("language", ""), *days
    )


def _read_day(text: str) -> date | None:
    day = date.fromisoformat(text) if text else None
    # Python also accepts 20260208 and 2026-W06-7; date fields send neither.
    if day is not None and day.isoformat() != text:
        raise ValueError(text)
    return day


class SearchClient:
    """Queries the search service."""

    def __init__(self, urls: Sequence[str], timeout_s: float) -> None:
        self._service = ServiceClient("search", urls, timeout_s)

    async def search(self, query: SearchQuery) -> Json | None:
        """The results, None if the service refuses the query. Raises Unavailable when no instance answers in time."""
        return await self._service.get("/v1/search", _params(query))

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()


def _params(query: SearchQuery) -> Mapping[str, str]:
    optional = {
        "section": query.section,
        "from": query.from_day and query.from_day.isoformat(),
        "to": query.to_day and query.to_day.isoformat(),
    }
    given = {name: value for name, value in optional.items() if value}
    return {"q": query.q, "limit": str(query.page * PAGE_ITEMS), **given}


class SearchPages:
    """Builds the pages of search results."""

    def __init__(
        self, client: SearchClient, model: ReadModel, templates: Templates, site: Site, date: DateLine
    ) -> None:
        self._client = client
        self._model = model
        self._templates = templates
        self._site = site
        self._date = date

    async def build(self, target: str) -> Page | Refused:
        """The page; 400 for an invalid query, 404 past the last page. Raises Unavailable when search does not answer."""
        query = read_search(target)
        if isinstance(query, Refused):
            return query
        found = await self._client.search(query) if query.q else {"total": 0, "items": []}
        if found is None:
            return Refused(400)
        view = _view(query, found)
        if query.page > 1 and not view.found:
            return Refused(404)
        if not view.found:
            latest = (await error_view(Reading(self._model), 404)).latest
            view = replace(view, latest=latest)
        html = self._templates.search(view).encode()
        kind = PageKind(PATH, cache_control=_PRIVATE, style_source=self._templates.assets.style_source)
        return Page(self._date, kind, html, block=Block(None, self._templates.language_of(query.language)))


def _view(query: SearchQuery, answer: Mapping[str, object]) -> SearchView:
    items, total = answer["items"], answer["total"]
    assert isinstance(items, list)
    assert isinstance(total, int)
    last = min(MOST_PAGES, -(-total // PAGE_ITEMS))
    shown = items[(query.page - 1) * PAGE_ITEMS :]
    found = tuple(map(_found, shown))
    return SearchView(
        query.q,
        query.section,
        query.language,
        found,
        total,
        query.page,
        max(1, last),
        from_day=query.from_day,
        to_day=query.to_day,
    )


def _found(item: Mapping[str, str | None]) -> FoundView:
    published_at = item["published_at"]
    return FoundView(
        url=item["url"] or "",
        headline=item["headline"] or "",
        snippet_html=item["snippet_html"] or "",
        section=item["section"] or "",
        published_at=None if published_at is None else datetime.fromisoformat(published_at),
        language=item["language"] or "",
    )
