"""The shapes of search's part of the public contract, and its operation for OpenAPI."""

from pydantic import BaseModel

from services.search.rules import LONGEST_Q
from shared.http.openapi import Operation, Parameter
from shared.times import UtcDatetime


class SearchItem(BaseModel):
    """One thing that was found. The site's own pages (About, say) have no id, section or date.

    `snippet_html` is text, escaped, with what was looked for in `<mark>`.
    """

    article_id: str | None
    headline: str
    url: str
    section: str | None
    published_at: UtcDatetime | None
    language: str | None
    snippet_html: str


class SearchResults(BaseModel):
    """What was found, best first; `total` counts all of it."""

    total: int
    items: list[SearchItem]
    next_cursor: str | None


_MOMENT = "a day (2026-02-08, whole, in UTC) or a moment (RFC 3339)"

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
                'what is looked for: every word, in any inflection, the last one also begun; "a phrase" as it stands',
                {"type": "string", "minLength": 1, "maxLength": LONGEST_Q},
                required=True,
            ),
            Parameter("section", "query", "the slug of a section", {"type": "string"}),
            Parameter("from", "query", f"published on or after: {_MOMENT}", {"type": "string"}),
            Parameter("to", "query", f"published on, or before: {_MOMENT}", {"type": "string"}),
            Parameter("limit", "query", "how many", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            Parameter("cursor", "query", "the `next_cursor` of the answer before", {"type": "string"}),
        ),
    ),
)
