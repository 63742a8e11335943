"""Answers of moderators' lists of comments, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.comments.model.rules import QUEUES, STATUSES
from services.comments.moderation.item_contract import ModeratedComment
from services.comments.moderation.queues import QueueCounts
from services.comments.reading.contract import SORT
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter

LONGEST_SEARCH = 200


class CommentList(BaseModel):
    """One page of comments for moderators."""

    items: list[ModeratedComment]
    next_cursor: str | None


class NewestAnswer(BaseModel):
    """The youngest comment of each queue of work, null for an empty one."""

    pending: str | None
    reported: str | None


class QueueCountsAnswer(BaseModel):
    """How many comments wait for a decision. `version` changes with every change of any queue."""

    pending: int
    reported: int
    newest: NewestAnswer
    version: int

    @classmethod
    def of(cls, counts: QueueCounts) -> "QueueCountsAnswer":
        """The answer for counts."""
        return cls(
            pending=counts.pending,
            reported=counts.reported,
            newest=NewestAnswer(pending=counts.newest_pending, reported=counts.newest_reported),
            version=counts.version,
        )


_STATUS = Parameter(
    "status", "query", "Which comments; not with `queue`", {"enum": list(STATUSES), "default": "pending"}
)
_QUEUE = Parameter(
    "queue", "query", "Which queue; the others than pending and reported begin with the newest", {"enum": list(QUEUES)}
)
_Q = Parameter(
    "q",
    "query",
    "Words in name or text, or an e-mail address; with `queue` alone. A page of a search may be short and have a cursor",
    {"type": "string", "maxLength": LONGEST_SEARCH},
)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_comments_by_status",
        method="GET",
        path="/v1/comments",
        summary="List comments of a queue, or of one status (oldest first)",
        answers={200: CommentList},
        problems=(400, 401, 403, 422, 503),
        parameters=(_STATUS, _QUEUE, _Q, SORT, LIMIT, CURSOR),
        secured=True,
    ),
    Operation(
        id="count_waiting_comments",
        method="GET",
        path="/v1/comments/counts",
        summary="Count the comments that wait for a decision; cheap enough to be polled",
        answers={200: QueueCountsAnswer},
        problems=(401, 403, 422, 503),
        secured=True,
    ),
)
