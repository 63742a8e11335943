"""Second factors: what a sign-in asks for after the password. `totp.py` and `passkeys.py` are two of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Protocol, Self

from aiohttp import web
from pydantic import Field, model_validator

from services.ingestion.people.contract import SentFields
from services.ingestion.people.fields import Secret
from services.ingestion.people.records import Person
from shared.mongo.collections import Session

JsonObject = Mapping[str, object]


class SentProof(SentFields):
    """The proof of a second factor: a code (of an app, or a recovery code), or a passkey's credential."""

    ticket: Secret
    code: Annotated[str, Field(max_length=100)] | None = None
    credential: dict[str, object] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.code is None) == (self.credential is None):
            raise ValueError("Send either code or credential.")
        return self


class Factor(Protocol):
    """One kind of second factor. Every method raises Unavailable."""

    name: str

    async def challenge(self, person: Person, ticket_id: str, at: datetime) -> JsonObject | None:
        """What the browser needs for the proof; None when the person has not set up this factor."""

    async def check(self, person: Person, ticket_id: str, proof: SentProof, at: datetime) -> bool:
        """Whether the proof is right. A right proof is used up. False for a proof of another kind."""

    async def forget(self, person_id: str, session: Session) -> None:
        """Remove the factor of a person who has lost it."""


FACTORS: web.AppKey[Mapping[str, Factor]] = web.AppKey("factors")
