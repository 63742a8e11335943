"""Popularity's part of the public contract: its models, and its operations for OpenAPI."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.events import RANKINGS, RankingName
from shared.http.openapi import Operation, Parameter
from shared.times import UtcDatetime

# Browsers cut the address of the page before at this length.
LONGEST_REFERRER = 4_096
ArticleId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ViewIn(BaseModel):
    """A page view. With an `event_id` a repetition of the request counts once.

    `referrer` is the address of the page before (`document.referrer`); only its class is kept, and the host of an unknown one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    article_id: ArticleId
    event_id: UUID | None = None
    referrer: str = Field("", max_length=LONGEST_REFERRER)


class ViewAccepted(BaseModel):
    """A view that Kafka has."""

    event_id: UUID


class PopularItem(BaseModel):
    """One article of a ranking."""

    article_id: str
    headline: str
    url: str
    section: str
    views: int


class ScoredItem(PopularItem):
    """One article of `trending` (score: decayed views; views: of 24 hours) or `rising` (standard deviations; of one hour)."""

    score: float


class Popular(BaseModel):
    """The first articles of a ranking. `computed_at` is null until a first ranking has come.

    `stale` is there only when it is true: the ranking was not confirmed for ten seconds, so newer views may be missing.
    """

    window: RankingName
    section: str | None
    computed_at: UtcDatetime | None
    stale: bool = False
    items: list[ScoredItem | PopularItem]


class ViewCounts(BaseModel):
    """Views of an article by window."""

    model_config = ConfigDict(populate_by_name=True)

    hour: int = Field(alias="1h")
    day: int = Field(alias="24h")
    week: int = Field(alias="7d")
    month: int = Field(alias="30d")
    all: int


class VisitorCounts(BaseModel):
    """Distinct visitors of an article, by the local days that a window touches. A reader of two days is two visitors."""

    model_config = ConfigDict(populate_by_name=True)

    day: int = Field(alias="24h")
    week: int = Field(alias="7d")
    month: int = Field(alias="30d")


class ArticleViews(BaseModel):
    """How often an article was viewed, and by how many visitors, or null while MongoDB with the former days is away."""

    article_id: str
    views: ViewCounts
    visitors: VisitorCounts | None


OPERATIONS = (
    Operation(
        id="acceptView",
        method="POST",
        path="/v1/views",
        summary="Count a page view; answered when Kafka has it",
        answers={202: ViewAccepted},
        problems=(400, 403, 404, 410, 413, 415, 422, 429, 503),
        body={"application/json": ViewIn, "text/plain": ViewIn},
        parameters=(
            Parameter(
                "Idempotency-Key",
                "header",
                "the same key and body count once; the same key with another body is refused",
                {"type": "string", "minLength": 1, "maxLength": 200},
            ),
        ),
    ),
    Operation(
        id="countViewWithoutScript",
        method="GET",
        path="/v1/views/pixel.gif",
        summary="Count a page view of a browser without scripts; the answer is a picture of one pixel, whatever is asked",
        answers={200: None},
        parameters=(Parameter("article_id", "query", "the article", {"type": "string"}),),
    ),
    Operation(
        id="listPopular",
        method="GET",
        path="/v1/popular",
        summary="The first articles of a ranking, of the site, a section, a tag or a language",
        answers={200: Popular},
        problems=(422, 503),
        parameters=(
            Parameter(
                "window",
                "query",
                "how far back; `trending`: by decayed views; `rising`: against the article's own past",
                {"type": "string", "enum": list(RANKINGS), "default": "24h"},
            ),
            Parameter("section", "query", "the slug of a section; without it the whole site", {"type": "string"}),
            Parameter("tag", "query", "a tag instead of a section, of any case", {"type": "string", "maxLength": 100}),
            Parameter("language", "query", "a language instead of a section", {"type": "string", "maxLength": 100}),
            Parameter("limit", "query", "how many", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
        ),
    ),
    Operation(
        id="showViews",
        method="GET",
        path="/v1/articles/{id}/views",
        summary="How often an article was viewed",
        answers={200: ArticleViews},
        problems=(404, 410, 422, 503),
        parameters=(Parameter("id", "path", "the article", {"type": "string"}),),
    ),
)
