"""Bearer tokens. The database holds their SHA-256 alone; a token is 256 random bits, so a fast hash is safe."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from services.ingestion.people.roles import Role
from shared.errors import Problem

_PREFIX = "wm_"


@dataclass(frozen=True)
class TokenOwner:
    """The owner of a token. `token_id` is not secret: lists show it, and `revoke` takes it."""

    token_id: str
    name: str
    role: Role


@dataclass(frozen=True)
class TokenEntry:
    """A token in a list. `expires_at` None: it does not expire. `last_used_at` is up to a minute old.

    `from_file`: its text is in the token file.
    """

    owner: TokenOwner
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    from_file: bool = False

    def check_revocation(self) -> None:
        """409 for a valid token of the token file: revoked, it would stay in the file, and each start would leave it dead."""
        if self.from_file and self.revoked_at is None:
            raise Problem(
                409,
                "This is the token of the token file (WM_ADMIN_TOKEN_FILE). Write another text into the file and restart "
                "ingestion: that revokes it.",
            )

    def is_over(self, at: datetime) -> bool:
        """Whether it was revoked or has expired."""
        return self.revoked_at is not None or (self.expires_at is not None and at >= self.expires_at)


def make_token() -> str:
    """Make a new token. Show it once; it is stored nowhere."""
    return _PREFIX + secrets.token_urlsafe(32)
