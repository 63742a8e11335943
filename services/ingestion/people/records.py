"""People, their sessions and their invitations, as the stores take and give them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.ingestion.people.roles import Role

Language = Literal["en", "ar"]

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
INVITATION_LASTS = timedelta(hours=72)
# A replaced session token still works for the requests that were under way with it.
GRACE = timedelta(seconds=30)


class Person(BaseModel):
    """A member of the newsroom. `password_hash` is None until the first invitation is used.

    `version` counts changes, without sign-ins. `rights_version` counts the changes after which a session gets another
    token.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    email: str
    role: Role
    is_active: bool = True
    language: Language | None = None
    password_hash: str | None = None
    created_at: datetime
    signed_in_at: datetime | None = None
    version: int = 1
    rights_version: int = 1
    totp_secret: str | None = None
    totp_pending: str | None = None
    totp_last_step: int = 0
    recovery_hashes: tuple[str, ...] = ()
    passkeys: int = 0
    networks: tuple[str, ...] = ()
    """Networks of earlier sign-ins, the latest first."""

    @property
    def can_sign_in(self) -> bool:
        """Whether the person is active and has a password."""
        return self.is_active and self.password_hash is not None


@dataclass(frozen=True)
class DeskSession:
    """A signed-in browser. `id` is not secret; the database has the token's hash alone."""

    id: str
    person_id: str
    created_at: datetime
    seen_at: datetime
    rights_version: int
    network: str
    browser: str
    replaced_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        """The end that no use moves."""
        return self.created_at + ABSOLUTE

    def is_over(self, at: datetime) -> bool:
        """Whether the session has ended: by age, without use, or since another token replaced it."""
        is_replaced = self.replaced_at is not None and at >= self.replaced_at + GRACE
        return is_replaced or at >= self.expires_at or at >= self.seen_at + IDLE


@dataclass(frozen=True)
class Invitation:
    """A link with which a person sets a password, once. `resets_factors`: its use also removes second factors."""

    person_id: str
    expires_at: datetime
    used_at: datetime | None
    resets_factors: bool

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and at < self.expires_at
