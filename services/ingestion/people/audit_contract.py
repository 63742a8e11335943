"""Answers of the audit log, and its operation for OpenAPI."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel

from services.ingestion.people.actor import Via
from services.ingestion.people.audit import AuditEntry, Details
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.times import UtcDatetime

LONGEST_FILTER = 200


class ActorAnswer(BaseModel):
    """The actor of an act: a person, or the holder of a token."""

    id: str
    name: str
    via: Via


class AuditEntryAnswer(BaseModel):
    """One act. `object` is the id of what it changed. `network` is a /24 (IPv4) or a /48 (IPv6)."""

    id: str
    at: UtcDatetime
    actor: ActorAnswer
    action: str
    object: str
    network: str
    details: Details

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """The answer for an entry."""
        return cls(
            id=entry.id,
            at=entry.at,
            actor=ActorAnswer.model_validate(entry.actor),
            action=entry.action,
            object=entry.object,
            network=entry.network,
            details=entry.details,
        )


class AuditPage(BaseModel):
    """One page of the log, newest first."""

    items: list[AuditEntryAnswer]
    next_cursor: str | None


def _filter(name: str, description: str) -> Parameter:
    return Parameter(name, "query", description, {"type": "string", "maxLength": LONGEST_FILTER})


_PARAMETERS = (
    _filter("actor", "Only acts of this actor, by id or whole name"),
    _filter("action", "Only this action, such as `article.publish`, or all of a kind, such as `article`"),
    _filter("object", "Only acts on the thing with this id"),
    LIMIT,
    CURSOR,
)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_audit",
        method="GET",
        path="/v1/audit",
        summary="List who did what, newest first; for admins",
        answers={200: AuditPage},
        problems=(400, 401, 403, 422, 503),
        parameters=_PARAMETERS,
        secured=True,
    ),
)
