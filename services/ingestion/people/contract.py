"""Requests and answers about people, sessions and tokens."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from services.ingestion.people.actor import Actor, Via
from services.ingestion.people.fields import EmailAddress, PersonName, Secret
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


class SentPassword(SentFields):
    """A new password."""

    password: Secret


class InvitationAnswer(BaseModel):
    """An open invitation, as its link shows it."""

    name: str
    email: str
    role: Role
    expires_at: UtcDatetime


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


class SecondFactorDue(BaseModel):
    """The password was right, and a second factor is due. `ticket` is for one use within five minutes."""

    state: Literal["second-factor"] = "second-factor"
    ticket: str
    factors: list[str]
    passkey_options: Mapping[str, object] | None


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


class SentPerson(SentFields):
    """A new person."""

    name: PersonName
    email: EmailAddress
    role: Role


class SentPersonChange(SentFields):
    """A change of a person; a field that is not there keeps its value."""

    name: PersonName | None = None
    role: Role | None = None
    active: StrictBool | None = None


class SentInvitation(SentFields):
    """A new invitation. `reset_factors`: its use also removes the person's second factors, which they have lost."""

    reset_factors: StrictBool = False


class EmptyBody(SentFields):
    """A body without fields."""


class PersonAnswer(BaseModel):
    """A person, as admins see them. `has_password` is false until the first invitation is used. `passkeys` is their number."""

    id: str
    version: int
    name: str
    email: str
    role: Role
    active: bool
    language: Language | None
    has_password: bool
    has_totp: bool
    passkeys: int
    created_at: UtcDatetime
    signed_in_at: UtcDatetime | None

    @classmethod
    def of(cls, person: Person) -> Self:
        """The answer for a person."""
        return cls(
            id=person.id,
            version=person.version,
            name=person.name,
            email=person.email,
            role=person.role,
            active=person.is_active,
            language=person.language,
            has_password=person.password_hash is not None,
            has_totp=person.totp_secret is not None,
            passkeys=person.passkeys,
            created_at=person.created_at,
            signed_in_at=person.signed_in_at,
        )


class InvitedPerson(PersonAnswer):
    """A person with a new invitation. `invitation_url` is shown here alone."""

    invitation_url: str
    invitation_expires_at: UtcDatetime


class PersonList(BaseModel):
    """One page of people, in order of creation."""

    items: list[PersonAnswer]
    next_cursor: str | None


class SentAccount(SentFields):
    """A change of the own account; a field that is not there keeps its value. Language null: the newsroom's."""

    name: PersonName = ""
    language: Language | None = None


class SentNewPassword(SentFields):
    """A change of the own password."""

    old: Secret
    new: Secret


class SentCode(SentFields):
    """A code of an authenticator app."""

    code: Annotated[str, Field(max_length=100)]


class OwnSession(SessionFacts):
    """One of the person's sessions. `current`: the request's own."""

    seen_at: UtcDatetime
    network: str
    user_agent: str
    current: bool

    @classmethod
    def listed(cls, session: DeskSession, *, current: bool) -> Self:
        """The entry for a session."""
        return cls(
            id=session.id,
            created_at=session.created_at,
            expires_at=session.expires_at,
            seen_at=session.seen_at,
            network=session.network,
            user_agent=session.browser,
            current=current,
        )


class OwnSessionList(BaseModel):
    """The person's sessions, the last used first."""

    items: list[OwnSession]


class TotpSecret(BaseModel):
    """A new authenticator app's secret, and the address for its QR code."""

    secret: str
    uri: str


class RecoveryCodes(BaseModel):
    """Codes that work once each in place of the app's."""

    recovery_codes: list[str]
