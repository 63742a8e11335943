"""The shape of rendering's part of the public contract, and its operation for OpenAPI."""

from typing import Literal

from pydantic import BaseModel

from shared.http.openapi import Operation, Parameter


class OEmbed(BaseModel):
    """An article as a card for other people's pages (oEmbed 1.0, type `rich`). Of the author and the thumbnail all or none."""

    version: Literal["1.0"] = "1.0"
    type: Literal["rich"] = "rich"
    title: str
    author_name: str | None = None
    author_url: str | None = None
    provider_name: str
    provider_url: str
    cache_age: int = 3600
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None
    html: str
    width: int
    height: int


_PIXELS = {"type": "integer", "minimum": 1, "maximum": 99999}

OPERATIONS = (
    Operation(
        id="embedArticle",
        method="GET",
        path="/v1/oembed",
        summary="An article as a card to embed (oEmbed 1.0); 404 for what is no article, or none any more",
        answers={200: OEmbed},
        problems=(400, 404, 422, 501, 503),
        parameters=(
            Parameter("url", "query", "the article's public address", {"type": "string"}, required=True),
            Parameter(
                "format", "query", "`json`; any other is 501", {"type": "string", "enum": ["json"], "default": "json"}
            ),
            Parameter(
                "maxwidth",
                "query",
                "how wide the card may be, in pixels; cards have a few sizes, the largest within it is taken",
                _PIXELS,
            ),
            Parameter("maxheight", "query", "how high it may be, in pixels; the same holds", _PIXELS),
        ),
    ),
)
