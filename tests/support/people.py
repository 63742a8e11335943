"""A person of the desk in a running ingestion, for contract tests; time that a test moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from aiohttp import ClientResponse

from services.ingestion.app import PASSWORDS
from services.ingestion.people.records import Person
from services.ingestion.people.roles import Role
from shared.ids import new_id
from shared.times import now
from tests.support.ingestion import IngestionClient, Json

PASSWORD = "correct horse battery"


@dataclass
class MovedClock:
    """The present time, moved by `ahead`."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return now() + self.ahead


@dataclass(frozen=True)
class Desk:
    """The desk's calls to ingestion. `network` is the address of the visitor's browser."""

    ingestion: IngestionClient
    network: str = "192.0.2.7"

    async def call(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> ClientResponse:
        """A request with a session token, or without one."""
        sent = {"X-Forwarded-For": self.network, **{name.replace("_", "-"): text for name, text in headers.items()}}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return await self.ingestion.client.request(method, path, json=body, headers=sent)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        wanted: int = 200,
        **headers: str,
    ) -> Json:
        """As `call`; returns the JSON of an answer, which must have the status `wanted`."""
        answer = await self.call(method, path, body, token=token, **headers)
        assert answer.status == wanted, f"{method} {path}: {answer.status} {await answer.text()}"
        if answer.status == 204:
            return {}
        found: Json = await answer.json()
        return found

    async def person(self, role: Role = "editor", *, password: str | None = PASSWORD, **fields: object) -> Person:
        """A new person with the usual password."""
        hashed = None if password is None else await self.ingestion.client.app[PASSWORDS].hash(password)
        given: Mapping[str, object] = {
            "id": new_id(),
            "name": f"the {role}",
            "email": f"{uuid4().hex[:12]}@newsroom.example",
            "role": role,
            "password_hash": hashed,
            "created_at": now(),
            **fields,
        }
        person = Person.model_validate(given)
        await self.ingestion.store.people.add(person)
        return person

    async def sign_in(self, person: Person, password: str = PASSWORD, *, wanted: int = 200) -> Json:
        """The answer to a sign-in."""
        return await self.ask(
            "POST", "/internal/sessions", {"email": person.email, "password": password}, wanted=wanted
        )

    async def session(self, person: Person) -> str:
        """A new session's token."""
        return str((await self.sign_in(person))["token"])
