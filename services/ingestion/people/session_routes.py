"""HTTP in: sign-in, the session, sign-out. For the desk service: the edge does not route these paths."""

from aiohttp import web

from services.ingestion.people.access import CLOCK, SESSIONS, client_network, signed_in
from services.ingestion.people.contract import OwnAccount, SentSignIn, SessionAnswer, SessionFacts, SignedIn
from services.ingestion.people.records import Person
from services.ingestion.people.sign_in import SignIn, Visit
from shared.http.problems import json_response
from shared.http.requests import read_model

SIGN_IN = web.AppKey("sign_in", SignIn)


async def sign_in(request: web.Request) -> web.Response:
    """Sign in by password."""
    sent = await read_model(request, SentSignIn)
    person = await request.app[SIGN_IN].check_password(sent.email, sent.password)
    return await open_session(request, person)


async def open_session(request: web.Request, person: Person) -> web.Response:
    """Open a session for a person who has proved who they are, and show its token."""
    visit = Visit(client_network(request), request.headers.get("User-Agent", ""), request.app[CLOCK]())
    token, session = await request.app[SIGN_IN].open(person, visit)
    answer = SignedIn(token=token, expires_at=session.expires_at, person=OwnAccount.of(person))
    return json_response(answer.model_dump_json().encode())


async def show_session(request: web.Request) -> web.Response:
    """Show the session's person. After a change of rights: also the token that replaces the session's."""
    token, session, person = await signed_in(request)
    fresh = None
    if session.rights_version != person.rights_version and session.replaced_at is None:
        fresh = await request.app[SESSIONS].rotate(token, session, person.rights_version, request.app[CLOCK]())
    answer = SessionAnswer(person=OwnAccount.of(person), session=SessionFacts.of(session), replace_with=fresh)
    return json_response(answer.model_dump_json().encode())


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    token, _, _ = await signed_in(request)
    await request.app[SESSIONS].end(token)
    return web.Response(status=204)


ROUTES = [
    web.post("/internal/sessions", sign_in),
    web.get("/internal/session", show_session),
    web.delete("/internal/session", sign_out),
]
