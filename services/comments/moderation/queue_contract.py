"""Answers of moderators' lists of comments, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.comments.model.contract import CommentAnswer
from services.comments.model.rules import STATUSES
from services.comments.reading.contract import SORT
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter


class CommentList(BaseModel):
    """One page of comments for moderators."""

    items: list[CommentAnswer]
    next_cursor: str | None


_STATUS = Parameter("status", "query", "Which comments", {"enum": list(STATUSES), "default": "pending"})

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_comments_by_status",
        method="GET",
        path="/v1/comments",
        summary="List comments of one status, oldest first: the moderators' queue",
        answers={200: CommentList},
        problems=(400, 401, 403, 422, 503),
        parameters=(_STATUS, SORT, LIMIT, CURSOR),
        secured=True,
    ),
)
