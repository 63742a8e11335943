"""Requests and answers of working together: presence, and the trace of a publication; their table of operations."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.ingestion.articles.contract import IDEMPOTENCY_KEY, Sent
from services.ingestion.articles.presence_rules import Report, State
from shared.http.openapi import Operation, Parameter
from shared.http.requests import JSON_TYPE
from shared.times import UtcDatetime


class SentPresence(Sent):
    """A report of a window with an article: send it every 30 seconds; it counts for 60."""

    state: Report


class PresentPerson(BaseModel):
    """A person in an article, in one or more windows, since the first of them."""

    name: str
    state: State
    since: UtcDatetime


class PresentPersonHere(PresentPerson):
    """The same for a person in the article. `is_you`: the person who asks."""

    is_you: bool


class PresenceAnswer(BaseModel):
    """Who is in an article, the first comer first, and its version now."""

    people: list[PresentPersonHere]
    version: int


class TraceAnswer(BaseModel):
    """When each step of the newest public version happened; null: not yet, or not known any more. All null for a draft."""

    version: int | None = None
    committed_at: UtcDatetime | None = None
    sent_at: UtcDatetime | None = None
    projected_at: UtcDatetime | None = None
    visible_at: UtcDatetime | None = None


_ID = Parameter("id", "path", "The article's id", {"type": "string"})
OPERATIONS: Sequence[Operation] = (
    Operation(
        id="report_presence",
        method="POST",
        path="/v1/articles/{id}/presence",
        summary="Report an open window with the article, and see who else is there",
        answers={200: PresenceAnswer},
        problems=(400, 401, 403, 404, 413, 415, 422, 503),
        body={JSON_TYPE: SentPresence},
        parameters=(_ID, IDEMPOTENCY_KEY),
        secured=True,
    ),
    Operation(
        id="trace_article",
        method="GET",
        path="/v1/articles/{id}/trace",
        summary="Show how far the newest public version has come on its way to readers",
        answers={200: TraceAnswer},
        problems=(401, 403, 404, 422, 503),
        parameters=(_ID,),
        secured=True,
    ),
)
