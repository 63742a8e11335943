"""HTTP in: a person's own account and sessions. For the desk service: the edge does not route these paths."""

from aiohttp import web

from services.ingestion.people.access import SESSIONS, signed_in
from services.ingestion.people.account import Account, OwnRequest
from services.ingestion.people.contract import (
    OwnAccount,
    OwnSession,
    OwnSessionList,
    RecoveryCodes,
    SentAccount,
    SentCode,
    SentNewPassword,
    SentPassword,
    TotpSecret,
)
from services.ingestion.people.session_routes import SIGN_IN, visit_of
from shared.errors import Problem
from shared.http.problems import json_response
from shared.http.requests import read_flag, read_model, refuse_unknown

ACCOUNT = web.AppKey("account", Account)


async def change_account(request: web.Request) -> web.Response:
    """Set name and language."""
    own = await _own(request)
    person = await request.app[ACCOUNT].change(own, await read_model(request, SentAccount))
    return json_response(OwnAccount.of(person).model_dump_json().encode())


async def change_password(request: web.Request) -> web.Response:
    """Set a new password. The other sessions end."""
    own, sent = await _own(request), await read_model(request, SentNewPassword)
    await request.app[ACCOUNT].change_password(own, sent.old, sent.new)
    return web.Response(status=204)


async def list_sessions(request: web.Request) -> web.Response:
    """List the person's sessions, the last used first."""
    own = await _own(request)
    found = await request.app[SESSIONS].of_person(own.person.id, own.visit.at)
    answer = OwnSessionList(items=[OwnSession.listed(one, current=one.id == own.session.id) for one in found])
    return json_response(answer.model_dump_json().encode())


async def end_sessions(request: web.Request) -> web.Response:
    """End all sessions of the person; with `?others=true` all but this one."""
    own = await _own(request)
    refuse_unknown(request.query, ("others",))
    but = own.session.id if read_flag(request.query, "others") else None
    await request.app[SESSIONS].end_all(own.person.id, but=but)
    await request.app[SIGN_IN].note(
        own.person, own.session, "session.end-others" if but else "session.end-all", own.visit
    )
    return web.Response(status=204)


async def end_session(request: web.Request) -> web.Response:
    """End one session of the person."""
    own = await _own(request)
    if not await request.app[SESSIONS].end_one(own.person.id, request.match_info["id"]):
        raise Problem(404, "There is no such session.")
    return web.Response(status=204)


async def begin_totp(request: web.Request) -> web.Response:
    """Make a secret for an authenticator app."""
    own, sent = await _own(request), await read_model(request, SentPassword)
    made = await request.app[ACCOUNT].begin_totp(own, sent.password)
    return json_response(TotpSecret(**made).model_dump_json().encode())


async def confirm_totp(request: web.Request) -> web.Response:
    """Switch the app on with its first code; show recovery codes, once."""
    own, sent = await _own(request), await read_model(request, SentCode)
    codes = await request.app[ACCOUNT].confirm_totp(own, sent.code)
    return json_response(RecoveryCodes(recovery_codes=list(codes)).model_dump_json().encode())


async def remove_totp(request: web.Request) -> web.Response:
    """Switch the app off."""
    own, sent = await _own(request), await read_model(request, SentPassword)
    await request.app[ACCOUNT].remove_totp(own, sent.password)
    return web.Response(status=204)


async def _own(request: web.Request) -> OwnRequest:
    _, session, person = await signed_in(request)
    return OwnRequest(person, session, visit_of(request))


ROUTES = [
    web.patch("/internal/me", change_account),
    web.put("/internal/me/password", change_password),
    web.get("/internal/me/sessions", list_sessions),
    web.delete("/internal/me/sessions", end_sessions),
    web.delete("/internal/me/sessions/{id:[0-9a-z]{26}}", end_session),
    web.post("/internal/me/totp", begin_totp),
    web.post("/internal/me/totp/confirm", confirm_totp),
    web.delete("/internal/me/totp", remove_totp),
]
