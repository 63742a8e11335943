"""HTTP in: a person's own passkeys. For the desk service: the edge does not route these paths."""

from collections.abc import Mapping
from typing import Self

from aiohttp import web
from pydantic import BaseModel

from services.ingestion.people.access import CLOCK, client_network, signed_in
from services.ingestion.people.actor import Actor
from services.ingestion.people.contract import SentFields, SentPassword
from services.ingestion.people.fields import PersonName
from services.ingestion.people.passkey_store import Passkey
from services.ingestion.people.passkeys import Passkeys
from services.ingestion.people.records import Person
from services.ingestion.people.session_routes import SIGN_IN
from shared.http.problems import json_response
from shared.http.requests import read_model
from shared.times import UtcDatetime

PASSKEYS = web.AppKey("passkeys", Passkeys)


class SentPasskey(SentFields):
    """A new passkey: the answer of `navigator.credentials.create`, as JSON."""

    name: PersonName
    credential: Mapping[str, object]


class PasskeyAnswer(BaseModel):
    """A passkey of the session's person."""

    id: str
    name: str
    created_at: UtcDatetime
    last_used_at: UtcDatetime | None

    @classmethod
    def of(cls, passkey: Passkey) -> Self:
        """The answer for a passkey."""
        return cls(
            id=passkey.key.id, name=passkey.name, created_at=passkey.created_at, last_used_at=passkey.last_used_at
        )


class PasskeyList(BaseModel):
    """All passkeys of the session's person, oldest first."""

    items: list[PasskeyAnswer]


async def begin_passkey(request: web.Request) -> web.Response:
    """Show the options of a new passkey, for the browser. Needs the person's password."""
    _, session, person = await signed_in(request)
    await _confirm(request, person)
    options = await request.app[PASSKEYS].begin_registration(person, session.id, request.app[CLOCK]())
    return json_response(dict(options))


async def add_passkey(request: web.Request) -> web.Response:
    """Store the passkey that the browser made."""
    actor, person = await _own(request)
    sent = await read_model(request, SentPasskey)
    passkey = await request.app[PASSKEYS].register(
        actor, person, sent.name, sent.credential, client_network(request), request.app[CLOCK]()
    )
    return json_response(PasskeyAnswer.of(passkey).model_dump_json().encode(), status=201)


async def list_passkeys(request: web.Request) -> web.Response:
    """List the person's passkeys."""
    _, person = await _own(request)
    found = await request.app[PASSKEYS].of_person(person.id)
    return json_response(PasskeyList(items=[PasskeyAnswer.of(one) for one in found]).model_dump_json().encode())


async def remove_passkey(request: web.Request) -> web.Response:
    """Remove one of the person's passkeys. Needs the person's password."""
    actor, person = await _own(request)
    await _confirm(request, person)
    await request.app[PASSKEYS].remove(
        actor, person, request.match_info["id"], client_network(request), request.app[CLOCK]()
    )
    return web.Response(status=204)


async def _confirm(request: web.Request, person: Person) -> None:
    sent = await read_model(request, SentPassword)
    await request.app[SIGN_IN].confirm(person, "/password", sent.password, request.app[CLOCK]())


async def _own(request: web.Request) -> tuple[Actor, Person]:
    _, session, person = await signed_in(request)
    return Actor(person.id, person.name, person.role, "session", session.id), person


ROUTES = [
    web.post("/internal/me/passkeys/options", begin_passkey),
    web.post("/internal/me/passkeys", add_passkey),
    web.get("/internal/me/passkeys", list_passkeys),
    web.delete("/internal/me/passkeys/{id:[0-9A-Za-z_-]{1,1400}}", remove_passkey),
]
