"""The right that each route of the service needs, as a table. README.md shows it; a generated test walks every route with it.

A handler that knows more may refuse more: an edit of an article that readers know, or that is scheduled,
needs `edit`, not `edit drafts`.
"""

from collections.abc import Mapping
from typing import Literal

from services.ingestion.people.roles import Right

# Not a right of a role: `anyone` needs no credential (where a link or a ticket is needed, it is in the path or the body),
# `signed in` needs any valid token or session, `own session` a session, and serves its person alone.
Need = Right | Literal["anyone", "signed in", "own session"]

ROUTE_RIGHTS: Mapping[str, Need] = {
    "GET /health/live": "anyone",
    "GET /health/ready": "anyone",
    "GET /metrics": "anyone",
    "GET /internal/previews/{token}": "anyone",
    "GET /internal/invitations/{token}": "anyone",
    "POST /internal/invitations/{token}": "anyone",
    "POST /internal/acts": "anyone",
    "POST /internal/pictures": "anyone",
    "POST /internal/pictures/uses": "anyone",
    "DELETE /internal/pictures/{id}": "anyone",
    "POST /internal/sessions": "anyone",
    "POST /internal/sessions/second-factor": "anyone",
    "GET /internal/token": "signed in",
    "GET /internal/session": "own session",
    "DELETE /internal/session": "own session",
    "POST /internal/session/step-up": "own session",
    "PATCH /internal/me": "own session",
    "PUT /internal/me/password": "own session",
    "GET /internal/me/sessions": "own session",
    "DELETE /internal/me/sessions": "own session",
    "DELETE /internal/me/sessions/{id}": "own session",
    "POST /internal/me/totp": "own session",
    "POST /internal/me/totp/confirm": "own session",
    "DELETE /internal/me/totp": "own session",
    "POST /internal/me/passkeys/options": "own session",
    "POST /internal/me/passkeys": "own session",
    "GET /internal/me/passkeys": "own session",
    "DELETE /internal/me/passkeys/{id}": "own session",
    "GET /internal/newsroom": "read",
    "GET /internal/presence": "read",
    "GET /internal/published": "read",
    "GET /v1/articles": "read",
    "GET /v1/articles/calendar": "read",
    "GET /v1/articles/counts": "read",
    "GET /v1/articles/terms": "read",
    "GET /v1/articles/{id}": "read",
    "GET /v1/articles/{id}/revisions": "read",
    "GET /v1/articles/{id}/revisions/{version}": "read",
    "GET /v1/articles/{id}/trace": "read",
    "POST /v1/articles/{id}/presence": "read",
    "POST /v1/articles": "create",
    "POST /v1/articles/{id}/preview": "create",
    "PUT /v1/articles/{id}": "edit drafts",
    "POST /v1/articles/{id}/revisions/{version}/restore": "edit drafts",
    "POST /v1/articles/{id}/submit": "submit",
    "POST /v1/articles/{id}/return": "return",
    "POST /v1/articles/{id}/publish": "publish",
    "POST /v1/articles/{id}/correct": "correct",
    "POST /v1/articles/{id}/withdraw": "withdraw",
    "POST /v1/articles/{id}/schedule": "schedule",
    "POST /v1/articles/{id}/unschedule": "schedule",
    "GET /v1/people": "people",
    "POST /v1/people": "people",
    "GET /v1/people/{id}": "people",
    "PATCH /v1/people/{id}": "people",
    "POST /v1/people/{id}/invite": "people",
    "POST /v1/people/{id}/sign-out": "people",
    "GET /v1/tokens": "tokens",
    "POST /v1/tokens": "tokens",
    "DELETE /v1/tokens/{id}": "tokens",
    "GET /v1/audit": "audit",
}
