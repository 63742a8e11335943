"""Who asks, and what they may do: the actor of a request. Every route of the service starts here."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from aiohttp import web

from services.ingestion.people.actor import Actor, network_of
from services.ingestion.people.credential_guesses import CredentialGuesses
from services.ingestion.people.person_store import PersonStore
from services.ingestion.people.records import DeskSession, Person
from services.ingestion.people.roles import Right, may
from services.ingestion.people.session_store import SESSION_PREFIX, SessionStore
from services.ingestion.people.token_store import TokenStore
from shared.errors import Problem
from shared.http.app import SETTINGS
from shared.http.bearer import ended_session, read_credential, unknown_token
from shared.http.refusals import PRINCIPAL
from shared.times import Clock

Found = TypeVar("Found")
TOKENS = web.AppKey("tokens", TokenStore)
PEOPLE = web.AppKey("people", PersonStore)
SESSIONS = web.AppKey("sessions", SessionStore)
TRUSTS_EDGE = web.AppKey("trusts_edge", bool)
GUESSES = web.AppKey("guesses", CredentialGuesses)
# Time is passed in: tests let it pass.
CLOCK: web.AppKey[Clock] = web.AppKey("clock")


async def authenticate(request: web.Request) -> Actor:
    """The actor of the request's token or session; 401 without a valid one, 403 for a write from another origin."""
    token = _token(request)
    if token.startswith(SESSION_PREFIX):
        session, person = await _signed_in(request, token)
        request[PRINCIPAL] = person.id
        return Actor(person.id, person.name, person.role, "session", session.id)
    owner = await _find(request, token, request.app[TOKENS].find)
    if owner is None:
        raise unknown_token()
    request[PRINCIPAL] = owner.token_id
    return Actor(owner.token_id, owner.name, owner.role, "token")


async def authorize(request: web.Request, right: Right) -> Actor:
    """As `authenticate`; 403 when the role does not have the right."""
    actor = await authenticate(request)
    require(actor, right)
    return actor


def require(actor: Actor, right: Right) -> None:
    """403 when the actor's role does not have the right."""
    if not may(actor.role, right):
        raise Problem(403, f"The role {actor.role} does not have the right to {right}.")


async def signed_in(request: web.Request) -> tuple[str, DeskSession, Person]:
    """The request's session token, its session and its person; 401 without a session, also for an API token."""
    token = _token(request)
    if not token.startswith(SESSION_PREFIX):
        raise ended_session()
    session, person = await _signed_in(request, token)
    request[PRINCIPAL] = person.id
    return token, session, person


def client_network(request: web.Request) -> str:
    """The network that the request came from, for limits and the audit log."""
    return network_of(request, trusts_edge=request.app[TRUSTS_EDGE])


def _token(request: web.Request) -> str:
    return read_credential(request, request.app[SETTINGS].site_url).token


async def _find(
    request: web.Request, token: str, find: Callable[[str, datetime], Awaitable[Found | None]]
) -> Found | None:
    at = request.app[CLOCK]()
    # Other services ask for many people from one address, and bound what they ask themselves.
    if not request.app[TRUSTS_EDGE] or "X-Forwarded-For" not in request.headers:
        return await find(token, at)
    return await request.app[GUESSES].find(token, client_network(request), at, lambda: find(token, at))


async def _signed_in(request: web.Request, token: str) -> tuple[DeskSession, Person]:
    session = await _find(request, token, request.app[SESSIONS].find)
    person = None if session is None else await request.app[PEOPLE].find(session.person_id)
    if session is None or person is None or not person.is_active:
        raise ended_session()
    return session, person
