"""Requests and answers about people and tokens, and the table of operations behind their OpenAPI."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.ingestion.people.actor import Actor, Via
from services.ingestion.people.fields import EmailAddress, Secret
from services.ingestion.people.records import DeskSession, Language, Person
from services.ingestion.people.roles import Role
from shared.times import UtcDatetime


class SentFields(BaseModel):
    """Base of requests about people: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TokenAnswer(BaseModel):
    """The actor of a token or session, for the other services."""

    name: str
    role: Role
    id: str
    via: Via

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """The answer for an actor."""
        return cls(name=actor.name, role=actor.role, id=actor.id, via=actor.via)


class SentSignIn(SentFields):
    """A sign-in by password."""

    email: EmailAddress
    password: Secret


class OwnAccount(BaseModel):
    """A person as that person's own session shows it. `passkeys` is their number."""

    id: str
    name: str
    email: str
    role: Role
    language: Language | None
    has_totp: bool
    passkeys: int

    @classmethod
    def of(cls, person: Person) -> Self:
        """The answer for a person."""
        return cls(
            id=person.id,
            name=person.name,
            email=person.email,
            role=person.role,
            language=person.language,
            has_totp=person.totp_secret is not None,
            passkeys=person.passkeys,
        )


class SignedIn(BaseModel):
    """A new session. `token` is shown here alone."""

    state: Literal["signed-in"] = "signed-in"
    token: str
    expires_at: UtcDatetime
    person: OwnAccount


class SessionFacts(BaseModel):
    """A session."""

    id: str
    created_at: UtcDatetime
    expires_at: UtcDatetime

    @classmethod
    def of(cls, session: DeskSession) -> Self:
        """The answer for a session."""
        return cls(id=session.id, created_at=session.created_at, expires_at=session.expires_at)


class SessionAnswer(BaseModel):
    """The request's session. `replace_with`: a new token to use from now on; the old one ends in half a minute."""

    person: OwnAccount
    session: SessionFacts
    replace_with: str | None
