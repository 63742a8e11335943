"""HTTP in: sign-in, the session, sign-out. For the desk service: the edge does not route these paths."""

from aiohttp import web

from services.ingestion.people.access import CLOCK, SESSIONS, client_network, signed_in
from services.ingestion.people.contract import (
    OwnAccount,
    SentPassword,
    SentSignIn,
    SessionAnswer,
    SessionFacts,
    SignedIn,
)
from services.ingestion.people.factors import SentProof
from services.ingestion.people.records import Person
from services.ingestion.people.second_factors import SecondFactors
from services.ingestion.people.sign_in import SignIn, Visit
from shared.http.bearer import ended_session
from shared.http.problems import json_response
from shared.http.requests import read_model

SIGN_IN = web.AppKey("sign_in", SignIn)
SECOND_FACTORS = web.AppKey("second_factors", SecondFactors)


async def sign_in(request: web.Request) -> web.Response:
    """Sign in by password."""
    sent = await read_model(request, SentSignIn)
    person = await request.app[SIGN_IN].check_password(sent.email, sent.password, visit_of(request))
    return await begin_session(request, person)


async def begin_session(request: web.Request, person: Person) -> web.Response:
    """Open a session for a person whose password is right, or ask for the second factor."""
    due = await request.app[SECOND_FACTORS].begin(person, visit_of(request))
    if due is not None:
        return json_response(due.model_dump_json().encode())
    return await open_session(request, person)


async def prove_second_factor(request: web.Request) -> web.Response:
    """Check the second factor, and sign in."""
    proof = await read_model(request, SentProof)
    return await open_session(request, await request.app[SECOND_FACTORS].prove(proof, visit_of(request)))


def visit_of(request: web.Request) -> Visit:
    """The circumstances of a request."""
    return Visit(client_network(request), request.headers.get("User-Agent", ""), request.app[CLOCK]())


async def open_session(request: web.Request, person: Person) -> web.Response:
    """Open a session for a person who has proved who they are, and show its token."""
    token, session = await request.app[SIGN_IN].open(person, visit_of(request))
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


async def step_up(request: web.Request) -> web.Response:
    """Check the password again within a session, and replace the session's token."""
    token, session, person = await signed_in(request)
    sent, at = await read_model(request, SentPassword), request.app[CLOCK]()
    await request.app[SIGN_IN].confirm(person, "/password", sent.password, at)
    fresh = await request.app[SESSIONS].rotate(token, session, person.rights_version, at)
    if fresh is None:
        raise ended_session()
    answer = SignedIn(token=fresh, expires_at=session.expires_at, person=OwnAccount.of(person))
    return json_response(answer.model_dump_json().encode())


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    token, session, person = await signed_in(request)
    await request.app[SESSIONS].end(token)
    await request.app[SIGN_IN].note(person, session, "session.sign-out", visit_of(request))
    return web.Response(status=204)


ROUTES = [
    web.post("/internal/sessions", sign_in),
    web.post("/internal/sessions/second-factor", prove_second_factor),
    web.get("/internal/session", show_session),
    web.post("/internal/session/step-up", step_up),
    web.delete("/internal/session", sign_out),
]
