"""Requests and answers of moderators, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from services.comments.model.contract import COMMENT, ETAG, IF_MATCH, KEY, CommentAnswer
from services.comments.model.rules import STATUSES
from services.comments.reading.contract import SORT
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter


class CommentList(BaseModel):
    """One page of comments for moderators."""

    items: list[CommentAnswer]
    next_cursor: str | None


class NoFields(BaseModel):
    """The empty body of a call without parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_STATUS = Parameter("status", "query", "Which comments", {"enum": list(STATUSES), "default": "pending"})
_MODERATION_PROBLEMS = (401, 403, 404, 409, 412, 413, 415, 422, 503)


def _decision(action: str, summary: str) -> Operation:
    return Operation(
        id=f"{action}_comment",
        method="POST",
        path=f"/v1/comments/{{id}}/{action}",
        summary=summary,
        answers={200: CommentAnswer},
        problems=(400, *_MODERATION_PROBLEMS),
        parameters=(COMMENT, KEY, IF_MATCH),
        secured=True,
        headers=ETAG,
    )


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
    _decision("approve", "Publish a comment"),
    _decision("reject", "Reject a pending comment"),
    _decision("remove", "Remove a comment; its replies stay"),
)
