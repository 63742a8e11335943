"""Bearer tokens: kept as SHA-256 only, looked up by it. A token is 256 random bits, so a plain hash is as good as a slow one."""

import hashlib
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


def hash_token(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def bearer_token(authorization: str) -> str | None:
    """The token in an Authorization header, None where there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
