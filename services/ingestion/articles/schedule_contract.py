"""Requests of later publication, and their table of operations."""

from collections.abc import Sequence
from typing import Annotated

from services.ingestion.articles.contract import Sent, change_operation
from services.ingestion.articles.fields import Time, line
from shared.http.openapi import Operation


class SentSchedule(Sent):
    """A later publication. `publish_at` lies ahead, and not before the embargo."""

    publish_at: Time


class SentReturn(Sent):
    """A return to the author. `note` tells what is missing."""

    note: Annotated[str, *line(1, 1000)]


class EmptyRequest(Sent):
    """A request without fields."""


OPERATIONS: Sequence[Operation] = (
    change_operation("schedule", "/schedule", "POST", SentSchedule, "Publish the working copy at a later time"),
    change_operation("unschedule", "/unschedule", "POST", EmptyRequest, "Cancel the later publication"),
    change_operation("submit", "/submit", "POST", EmptyRequest, "Ask for publication"),
    change_operation("return", "/return", "POST", SentReturn, "Return a submitted article to its author with a note"),
)
