"""Requests and answers about API tokens, and their operations for OpenAPI."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel

from services.ingestion.people.contract import SentFields
from services.ingestion.people.fields import PersonName
from services.ingestion.people.roles import Role
from services.ingestion.people.tokens import TokenEntry
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.http.requests import JSON_TYPE
from shared.times import SentTime, UtcDatetime


class SentToken(SentFields):
    """A new token. Without `expires_at` it does not expire."""

    name: PersonName
    role: Role
    expires_at: SentTime | None = None


class ApiToken(BaseModel):
    """A token, without its secret. `last_used_at` is up to a minute old."""

    id: str
    name: str
    role: Role
    created_at: UtcDatetime
    expires_at: UtcDatetime | None
    last_used_at: UtcDatetime | None
    revoked_at: UtcDatetime | None

    @classmethod
    def of(cls, entry: TokenEntry) -> Self:
        """The answer for a token."""
        return cls(
            id=entry.owner.token_id,
            name=entry.owner.name,
            role=entry.owner.role,
            created_at=entry.created_at,
            expires_at=entry.expires_at,
            last_used_at=entry.last_used_at,
            revoked_at=entry.revoked_at,
        )


class NewApiToken(ApiToken):
    """A token just made. `token` is shown here alone."""

    token: str


class ApiTokenList(BaseModel):
    """One page of tokens, oldest first."""

    items: list[ApiToken]
    next_cursor: str | None


_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A repeated request with the same key gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200},
)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_tokens",
        method="GET",
        path="/v1/tokens",
        summary="List API tokens, oldest first; for admins",
        answers={200: ApiTokenList},
        problems=(400, 401, 403, 422, 503),
        parameters=(LIMIT, CURSOR),
        secured=True,
    ),
    Operation(
        id="create_token",
        method="POST",
        path="/v1/tokens",
        summary="Make an API token and show it, once; for admins",
        answers={201: NewApiToken},
        problems=(400, 401, 403, 413, 415, 422, 503),
        body={JSON_TYPE: SentToken},
        parameters=(_KEY,),
        secured=True,
    ),
    Operation(
        id="revoke_token",
        method="DELETE",
        path="/v1/tokens/{id}",
        summary="Revoke an API token; for admins",
        answers={204: None},
        problems=(401, 403, 404, 409, 422, 503),
        parameters=(Parameter("id", "path", "The token's id", {"type": "string"}), _KEY),
        secured=True,
    ),
)
