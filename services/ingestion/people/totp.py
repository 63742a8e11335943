"""Codes of an authenticator app (RFC 6238) and recovery codes, as a second factor."""

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp

from services.ingestion.people.factors import JsonObject, SentProof
from services.ingestion.people.person_store import PersonStore
from services.ingestion.people.records import Person
from shared.http.bearer import hash_token
from shared.mongo.collections import Session

_STEP_S = 30
# A clock may be one step off.
_TOLERATED_STEPS = 1
_RECOVERY_CODES = 10
# 80 random bits, so that a fast hash is safe. No letter looks like another.
_RECOVERY_LENGTH = 16
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def make_secret() -> str:
    """A new secret in Base32, of 160 bits."""
    return pyotp.random_base32()


def uri_of(secret: str, email: str, site_name: str) -> str:
    """The address that an app reads from a QR code."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=email, issuer_name=site_name)


def matching_step(secret: str, code: str, at: datetime, last_step: int) -> int | None:
    """The time step whose code this is, None when there is none after `last_step`: each code works once."""
    present = int(at.timestamp()) // _STEP_S
    totp = pyotp.TOTP(secret, interval=_STEP_S)
    found = None
    for step in range(present - _TOLERATED_STEPS, present + _TOLERATED_STEPS + 1):
        is_equal = hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        if is_equal and step > last_step:
            found = step
    return found


def make_recovery_codes() -> Sequence[str]:
    """New recovery codes. Show them once; the database gets their hashes."""
    codes = (
        "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(_RECOVERY_CODES)
    )
    return [re.sub(r"(.{4})(?=.)", r"\1-", code) for code in codes]


def hash_recovery_code(code: str) -> str:
    """The stored form of a recovery code. Case, spaces and dashes do not count."""
    return hash_token(re.sub(r"[\s-]+", "", code).lower())


class TotpFactor:
    """The codes of an app, or a recovery code in their place."""

    name = "totp"

    def __init__(self, people: PersonStore) -> None:
        self._people = people

    async def challenge(self, person: Person, ticket_id: str, at: datetime) -> JsonObject | None:
        """Nothing but that a code is due; None when the person has no app set up."""
        return None if person.totp_secret is None else {}

    async def check(self, person: Person, ticket_id: str, proof: SentProof, at: datetime) -> bool:
        """Whether the code is right, and use it up."""
        if proof.code is None or person.totp_secret is None:
            return False
        code = re.sub(r"\s+", "", proof.code)
        if not re.fullmatch(r"[0-9]{6}", code):
            return await self._people.use_recovery_code(person.id, hash_recovery_code(code))
        step = matching_step(person.totp_secret, code, at, person.totp_last_step)
        return step is not None and await self._people.use_totp_step(person.id, step)

    async def forget(self, person_id: str, session: Session) -> None:
        """Remove the secret and the recovery codes."""
        nothing = {"totp_secret": None, "totp_pending": None, "recovery_hashes": ()}
        await self._people.change(person_id, nothing, session)
