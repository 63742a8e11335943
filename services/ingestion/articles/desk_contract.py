"""Answers for the desk's lists and first page, and their table of operations."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel

from services.ingestion.articles.rules import Article, Content, Status
from shared.http.openapi import Operation, Parameter
from shared.times import UtcDatetime


class CountsAnswer(BaseModel):
    """Numbers of articles. `overdue` ones are scheduled, and were to be published two seconds ago or earlier."""

    all: int
    draft: int
    published: int
    withdrawn: int
    changed: int
    scheduled: int
    submitted: int
    overdue: int


class TermList(BaseModel):
    """Tags or bylines in use, the most used ones first."""

    items: list[str]


class CalendarItem(BaseModel):
    """An article on the calendar."""

    id: str
    headline: str
    section: str
    status: Status
    scheduled_for: UtcDatetime | None
    published_at: UtcDatetime | None
    embargo_until: UtcDatetime | None


class CalendarAnswer(BaseModel):
    """Articles with a time within the range, by time. `is_cut`: there are more; ask for a shorter range."""

    items: list[CalendarItem]
    is_cut: bool


class PublishedItem(BaseModel):
    """An article that readers see, without its text. The fields are those of the article's working copy."""

    id: str
    version: int
    status: Status
    headline: str
    section: str
    language: str
    url: str | None
    bylines: tuple[str, ...]
    tags: tuple[str, ...]
    updated_at: UtcDatetime
    published_at: UtcDatetime | None
    corrected_at: UtcDatetime | None
    changed: bool
    scheduled_for: UtcDatetime | None
    embargo_until: UtcDatetime | None
    submitted_at: UtcDatetime | None
    submitted_by: str | None
    note_back: str | None

    @classmethod
    def of(cls, article: Article) -> Self:
        """The answer for an article."""
        content = {name: getattr(article.working, name) for name in cls.model_fields if name in Content.model_fields}
        state = {name: getattr(article, name) for name in cls.model_fields if name not in Content.model_fields}
        return cls(**state, **content)


class PublishedList(BaseModel):
    """The articles that were published last, the newest publication first."""

    items: list[PublishedItem]


class OverdueItem(BaseModel):
    """An article that is not published at its time, and why; `reason` is null while no attempt was refused."""

    id: str
    headline: str
    scheduled_for: UtcDatetime
    reason: str | None


class NewsroomAnswer(BaseModel):
    """What a newsroom should look at now. `outbox_*`: changes that Kafka does not have yet."""

    overdue: int
    overdue_items: list[OverdueItem]
    scheduled_next: UtcDatetime | None
    submitted: int
    outbox_pending: int
    outbox_oldest_s: float


_TIME = {"type": "string", "format": "date-time"}

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="count_articles",
        method="GET",
        path="/v1/articles/counts",
        summary="Count articles by status, and those that wait for something",
        answers={200: CountsAnswer},
        problems=(401, 403, 422, 503),
        secured=True,
    ),
    Operation(
        id="list_terms",
        method="GET",
        path="/v1/articles/terms",
        summary="Suggest tags or bylines that are in use",
        answers={200: TermList},
        problems=(401, 403, 422, 503),
        parameters=(
            Parameter("kind", "query", "What to suggest", {"enum": ["tags", "bylines"]}, required=True),
            Parameter("q", "query", "The beginning of a word", {"type": "string", "maxLength": 200}),
            Parameter("section", "query", "Only those of this section's articles", {"type": "string"}),
            Parameter(
                "limit",
                "query",
                "How many items at most",
                {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20},
            ),
        ),
        secured=True,
    ),
    Operation(
        id="show_calendar",
        method="GET",
        path="/v1/articles/calendar",
        summary="Scheduled, embargoed and published articles of a range of time",
        answers={200: CalendarAnswer},
        problems=(401, 403, 422, 503),
        parameters=(
            Parameter("from", "query", "The beginning", _TIME, required=True),
            Parameter("to", "query", "The end, at most 100 days later", _TIME, required=True),
        ),
        secured=True,
    ),
)
