"""Requests and answers about decisions, and their operations for OpenAPI."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.comments.model.contract import COMMENT, ETAG, IF_MATCH, KEY, CommentAnswer
from services.comments.model.fields import LONGEST_ID
from services.comments.model.records import Comment
from services.comments.model.rules import DecisionAction, Status
from services.comments.moderation.decision_store import DecisionRecord
from services.comments.moderation.decisions import Made
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.http.requests import JSON_TYPE
from shared.text import SEARCH_LINE, is_far_too_long, tidy
from shared.times import UtcDatetime

MOST_AT_ONCE = 100
LONGEST_REASON = 500


def _tidy_reason(text: str) -> str:
    fault = ValueError(f"It is at most {LONGEST_REASON} characters long.")
    if is_far_too_long(text, LONGEST_REASON):
        raise fault
    tidied = tidy(text, SEARCH_LINE)
    if len(tidied) > LONGEST_REASON:
        raise fault
    return tidied


ReasonText = Annotated[str, AfterValidator(_tidy_reason), Field(json_schema_extra={"maxLength": LONGEST_REASON})]
CommentId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
Version = Annotated[int, Field(ge=1, le=2**31, strict=True)]


class NoFields(BaseModel):
    """The empty body of a call without parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewDecision(BaseModel):
    """A decision about several comments. `versions`: those that the moderator saw; comments of another version stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: Annotated[list[CommentId], Field(min_length=1, max_length=MOST_AT_ONCE)]
    action: DecisionAction
    reason: ReasonText = ""
    versions: Annotated[dict[CommentId, Version], Field(max_length=MOST_AT_ONCE)] = {}


class ConflictAnswer(BaseModel):
    """A comment that stayed as it was. `by`, `at`: its last decision, null when its author changed it, or there was none.

    `status` and `version` are null when there is no such comment.
    """

    id: str
    status: Status | None
    version: int | None
    by: str | None
    at: UtcDatetime | None

    @classmethod
    def of(cls, comment_id: str, comment: Comment | None) -> Self:
        """The answer for a comment in conflict."""
        if comment is None:
            return cls(id=comment_id, status=None, version=None, by=None, at=None)
        last = comment.decided
        if last is None or (comment.edited_at is not None and comment.edited_at > last.at):
            return cls(id=comment_id, status=comment.status, version=comment.version, by=None, at=comment.edited_at)
        return cls(id=comment_id, status=comment.status, version=comment.version, by=last.by, at=last.at)


class DecisionAnswer(BaseModel):
    """The result of a decision. `decision_id` is null when it changed nothing."""

    decision_id: str | None
    changed: int
    conflicts: list[ConflictAnswer]

    @classmethod
    def of(cls, made: Made) -> Self:
        """The answer for a decision."""
        return cls(
            decision_id=made.decision_id,
            changed=len(made.changed),
            conflicts=[ConflictAnswer.of(comment_id, comment) for comment_id, comment in made.conflicts],
        )


class DecisionEntry(BaseModel):
    """A decision in the audit. `undoes` and `undone_by` are other decisions. `detail` is of changes of bans and settings."""

    decision_id: str
    action: str
    by: str
    at: UtcDatetime
    reason: str
    ids: list[str]
    changed: int
    undoes: str | None
    undone_by: str | None
    undone: bool
    detail: dict[str, str]

    @classmethod
    def of(cls, record: DecisionRecord) -> Self:
        """The entry of a decision."""
        return cls(
            decision_id=record.id,
            action=record.action,
            by=record.by,
            at=record.at,
            reason=record.reason,
            ids=[change.id for change in record.changes],
            changed=len(record.changes),
            undoes=record.undoes,
            undone_by=record.undone_by,
            undone=record.undone_by is not None,
            detail=dict(record.detail),
        )


class AuditList(BaseModel):
    """One page of the audit."""

    items: list[DecisionEntry]
    next_cursor: str | None


_MODERATION_PROBLEMS = (401, 403, 404, 409, 412, 413, 415, 422, 503)
_DECISION_ID = Parameter("decision_id", "path", "The decision's id", {"type": "string"})


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
    _decision("approve", "Publish a comment"),
    _decision("reject", "Reject a pending comment"),
    _decision("remove", "Remove a comment; its replies stay"),
    Operation(
        id="decide_about_comments",
        method="POST",
        path="/v1/comments/decisions",
        summary="Decide about several comments; those that someone else changed stay as they are",
        answers={200: DecisionAnswer},
        problems=(400, 401, 403, 413, 415, 422, 503),
        body={JSON_TYPE: NewDecision},
        parameters=(KEY,),
        secured=True,
    ),
    Operation(
        id="undo_decision",
        method="POST",
        path="/v1/comments/decisions/{decision_id}/undo",
        summary="Take a decision back, where nobody has changed anything since",
        answers={200: DecisionAnswer},
        problems=(400, 401, 403, 404, 413, 415, 422, 503),
        parameters=(_DECISION_ID, KEY),
        secured=True,
    ),
    Operation(
        id="list_decisions",
        method="GET",
        path="/v1/comments/decisions",
        summary="List decisions and changes of bans, newest first: the audit",
        answers={200: AuditList},
        problems=(400, 401, 403, 422, 503),
        parameters=(LIMIT, CURSOR),
        secured=True,
    ),
)
