"""Bearer tokens. The database holds their SHA-256 alone; a token is 256 random bits, so a fast hash is safe."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from services.ingestion.roles import Role

_PREFIX = "wm_"


@dataclass(frozen=True)
class TokenOwner:
    """The owner of a token. `token_id` is not secret: lists show it, and `revoke` takes it."""

    token_id: str
    name: str
    role: Role


@dataclass(frozen=True)
class TokenEntry:
    """A token in a list."""

    owner: TokenOwner
    created_at: datetime
    revoked_at: datetime | None


def make_token() -> str:
    """Make a new token. Show it once; it is stored nowhere."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """The form of a token in the database."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def bearer_token(authorization: str) -> str | None:
    """The token in an Authorization header, None where there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
