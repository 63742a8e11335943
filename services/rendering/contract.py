"""Rendering's part of the public contract: the body of oEmbed, and its operation for OpenAPI."""

from typing import Literal

from pydantic import BaseModel

from shared.http.openapi import Operation, Parameter


class OEmbed(BaseModel):
    """An article as a card for other sites (oEmbed 1.0, type `rich`). Fields of the author, and of the thumbnail: all or none."""

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
        summary="An article as a card to embed (oEmbed 1.0); 404 if there is no such published article",
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
                "maximum width in pixels; the largest of a few card sizes within it is used",
                _PIXELS,
            ),
            Parameter("maxheight", "query", "maximum height in pixels; the same rule", _PIXELS),
        ),
    ),
)
