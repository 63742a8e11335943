"""Numbers' part of the public contract: its models, and its operations for OpenAPI."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.popularity.contract import ArticleId
from shared.events import DropReason
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.times import SentTime, UtcDatetime

Grouping = Literal["hour", "day", "article", "section", "referrer"]
GROUPINGS: tuple[Grouping, ...] = ("hour", "day", "article", "section", "referrer")

MOST_ITEMS = 1000
USUAL_ITEMS = 100
LARGEST_ADJUSTMENT = 100_000_000

DEFINITION = (
    "A view is a page that was visible for a second, counted once a visitor, article and half hour, without prefetches, bots, "
    "data centres and our own staff; a visitor is counted once a day, by a key that is destroyed after the day, so a reader of "
    "two days is two visitors."
)


class NumbersItem(BaseModel):
    """The views of one hour, day, article, section or referrer. `visitors` is null where none are kept."""

    key: str
    views: int
    visitors: int | None


class ReferredItem(NumbersItem):
    """The views of an hour or a day, also by the class of the referrer."""

    referrers: dict[str, int]


class NumbersArticle(NumbersItem):
    """The views of one article. Its headline, address and section are null when the article was erased."""

    headline: str | None
    url: str | None
    section: str | None


class NumbersTotal(BaseModel):
    """The sum of a span. `visitors` is null when the span begins or ends within a past day."""

    views: int
    visitors: int | None


class AdjustmentIn(BaseModel):
    """A correction of an article's views for proven fraud: `views` (mostly negative) count at `window_start`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    article_id: ArticleId
    views: int = Field(ge=-LARGEST_ADJUSTMENT, le=LARGEST_ADJUSTMENT, strict=True)
    window_start: SentTime
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Adjustment(BaseModel):
    """An adjustment that was made. `by` is the admin's name."""

    id: str
    article_id: str
    views: int
    window_start: UtcDatetime
    reason: str
    by: str
    at: UtcDatetime


class AdjustmentList(BaseModel):
    """A page of adjustments, newest first."""

    items: list[Adjustment]
    next_cursor: str | None


class Numbers(BaseModel):
    """Views and visitors of a span, from `from` to before `to`, with the adjustments that touch it."""

    model_config = ConfigDict(populate_by_name=True)

    start: UtcDatetime = Field(alias="from")
    end: UtcDatetime = Field(alias="to")
    by: Grouping
    items: list[ReferredItem | NumbersArticle | NumbersItem]
    total: NumbersTotal
    adjustments: list[Adjustment]
    definition: str = DEFINITION


class DroppedViews(BaseModel):
    """Views of a day that did not count, for one reason."""

    day: str
    reason: DropReason
    views: int


class Drops(BaseModel):
    """Views that did not count, by day and reason."""

    model_config = ConfigDict(populate_by_name=True)

    start: UtcDatetime = Field(alias="from")
    end: UtcDatetime = Field(alias="to")
    items: list[DroppedViews]


class ReadersNow(BaseModel):
    """Distinct readers of the last five minutes."""

    site: int
    sections: dict[str, int]


class ReadArticle(BaseModel):
    """An article that is read now. `rising`: read far more than in its own past."""

    article_id: str
    headline: str
    url: str
    section: str
    readers: int
    rising: bool


class Now(BaseModel):
    """The last five minutes, most read articles first."""

    at: UtcDatetime
    readers: ReadersNow
    articles: list[ReadArticle]


class ArchivedArticle(BaseModel):
    """An article of an archived ranking. It has the views of the day or week."""

    article_id: str
    headline: str
    url: str
    section: str
    views: int


class Archive(BaseModel):
    """The most read articles of a day, or of a week from Monday. One of `day` and `week` is null.

    `first_day` is the first day with numbers. `complete`: the answer changes no more, but for late views and withdrawals.
    """

    day: str | None
    week: str | None
    section: str | None
    first_day: str | None
    complete: bool
    items: list[ArchivedArticle]


_MOMENT = "a day of the newsroom's zone (2026-11-28), or a moment (RFC 3339)"
SPAN = (
    Parameter("from", "query", f"{_MOMENT}; without it six days before today", {"type": "string"}),
    Parameter(
        "to", "query", f"{_MOMENT}: the day is included, the moment is not; without it today", {"type": "string"}
    ),
)
_SCOPE = (
    Parameter("article_id", "query", "one article", {"type": "string"}),
    Parameter("section", "query", "the slug of a section", {"type": "string"}),
    Parameter("tag", "query", "a tag", {"type": "string"}),
    *SPAN,
    Parameter("by", "query", "what one item is", {"type": "string", "enum": list(GROUPINGS), "default": "day"}),
    Parameter(
        "limit",
        "query",
        "how many articles",
        {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": USUAL_ITEMS},
    ),
)

OPERATIONS = (
    Operation(
        id="showNumbers",
        method="GET",
        path="/v1/numbers",
        summary="Views and visitors of the site, a section, a tag or an article over a span",
        answers={200: Numbers},
        problems=(401, 404, 422, 429, 503),
        parameters=_SCOPE,
        secured=True,
    ),
    Operation(
        id="downloadNumbers",
        method="GET",
        path="/v1/numbers.csv",
        summary="The items of the same numbers as CSV (RFC 4180)",
        answers={200: None},
        problems=(401, 404, 422, 429, 503),
        parameters=_SCOPE,
        secured=True,
    ),
    Operation(
        id="listDrops",
        method="GET",
        path="/v1/numbers/drops",
        summary="Views that did not count, by day and reason",
        answers={200: Drops},
        problems=(401, 422, 429, 503),
        parameters=SPAN,
        secured=True,
    ),
    Operation(
        id="showReadersNow",
        method="GET",
        path="/v1/numbers/now",
        summary="Readers and articles of the last five minutes",
        answers={200: Now},
        problems=(401, 422, 429, 503),
        secured=True,
    ),
    Operation(
        id="adjustViews",
        method="POST",
        path="/v1/numbers/adjustments",
        summary="Correct an article's views for proven fraud; for admins",
        answers={201: Adjustment},
        problems=(400, 401, 403, 404, 413, 415, 422, 429, 503),
        body={"application/json": AdjustmentIn},
        parameters=(
            Parameter(
                "Idempotency-Key",
                "header",
                "the same key and body adjust once; the same key with another body is refused",
                {"type": "string", "minLength": 1, "maxLength": 200},
            ),
        ),
        secured=True,
    ),
    Operation(
        id="listAdjustments",
        method="GET",
        path="/v1/numbers/adjustments",
        summary="Adjustments of views, newest first",
        answers={200: AdjustmentList},
        problems=(400, 401, 422, 429, 503),
        parameters=(LIMIT, CURSOR),
        secured=True,
    ),
    Operation(
        id="showArchive",
        method="GET",
        path="/v1/numbers/archive",
        summary="The most read articles of a day or week, for everyone",
        answers={200: Archive},
        problems=(422, 429, 503),
        parameters=(
            Parameter("day", "query", "a day, such as 2026-11-28", {"type": "string"}),
            Parameter("week", "query", "a week of ISO 8601, such as 2026-W48", {"type": "string"}),
            Parameter("section", "query", "the slug of a section", {"type": "string"}),
            Parameter("limit", "query", "how many", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
        ),
    ),
)
