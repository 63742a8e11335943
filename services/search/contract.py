"""Search's part of the public contract: its models, and its operation for OpenAPI."""

from pydantic import BaseModel

from services.search.rules import LONGEST_Q
from shared.http.openapi import Operation, Parameter
from shared.times import UtcDatetime


class SearchItem(BaseModel):
    """One result. The site's own pages (About, for example) have no id, section or date.

    `snippet_html` is escaped text with the searched words in `<mark>`.
    """

    article_id: str | None
    headline: str
    url: str
    section: str | None
    published_at: UtcDatetime | None
    language: str | None
    snippet_html: str


class SearchResults(BaseModel):
    """A page of results, best first; `total` counts all of them."""

    total: int
    items: list[SearchItem]
    next_cursor: str | None


_MOMENT = "a whole day (2026-02-08, UTC) or a moment (RFC 3339)"

OPERATIONS = (
    Operation(
        id="search",
        method="GET",
        path="/v1/search",
        summary="Search headlines, texts, tags, bylines and the site's own pages",
        answers={200: SearchResults},
        problems=(400, 422, 503),
        parameters=(
            Parameter(
                "q",
                "query",
                'every word in any inflection, the last one perhaps unfinished; "a phrase" in its order',
                {"type": "string", "minLength": 1, "maxLength": LONGEST_Q},
                required=True,
            ),
            Parameter("section", "query", "the slug of a section", {"type": "string"}),
            Parameter("from", "query", f"published on or after: {_MOMENT}", {"type": "string"}),
            Parameter("to", "query", f"published on or before: {_MOMENT}", {"type": "string"}),
            Parameter("limit", "query", "how many", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            Parameter("cursor", "query", "the `next_cursor` of the previous page", {"type": "string"}),
        ),
    ),
)
