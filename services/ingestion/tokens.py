"""Bearer tokens of editors. Only their SHA-256 is stored (`shared/http/bearer.py`)."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from services.ingestion.roles import Role

_PREFIX = "wm_"


@dataclass(frozen=True)
class Person:
    """Whom a token belongs to. `token_id` is not secret: lists show it, and a token is revoked by it."""

    token_id: str
    name: str
    role: Role


@dataclass(frozen=True)
class TokenEntry:
    """A token as lists show it."""

    person: Person
    created_at: datetime
    revoked_at: datetime | None


def make_token() -> str:
    """A new token. It is shown once and kept nowhere."""
    return _PREFIX + secrets.token_urlsafe(32)
