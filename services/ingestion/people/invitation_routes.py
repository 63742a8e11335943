"""HTTP in: the link of an invitation. For the desk service: the edge does not route these paths."""

from aiohttp import web

from services.ingestion.people.contract import InvitationAnswer, SentPassword
from services.ingestion.people.invitations import Acceptance
from services.ingestion.people.session_routes import begin_session, visit_of
from shared.http.problems import json_response
from shared.http.requests import read_model

ACCEPTANCE = web.AppKey("acceptance", Acceptance)


async def show_invitation(request: web.Request) -> web.Response:
    """Show who is invited."""
    invitation, person = await request.app[ACCEPTANCE].find(request.match_info["token"], visit_of(request))
    answer = InvitationAnswer(name=person.name, email=person.email, role=person.role, expires_at=invitation.expires_at)
    return json_response(answer.model_dump_json().encode())


async def use_invitation(request: web.Request) -> web.Response:
    """Set a password and sign in. A person with a second factor is asked for it, as at every sign-in."""
    sent = await read_model(request, SentPassword)
    person = await request.app[ACCEPTANCE].use(request.match_info["token"], sent.password, visit_of(request))
    return await begin_session(request, person)


_INVITATION = "/internal/invitations/{token:[0-9A-Za-z_-]{20,100}}"
ROUTES = [
    web.get(_INVITATION, show_invitation),
    web.post(_INVITATION, use_invitation),
]
