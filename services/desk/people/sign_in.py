"""Signing in and out: password, then the second factor where the person has one."""

from collections.abc import Mapping

import orjson
from aiohttp import web

from services.desk.api import SignedOut
from services.desk.forms import Form, read_form, refused, safe_path
from services.desk.keys import DESK_SETTINGS, INGESTION
from services.desk.visit import (
    SIGN_IN,
    VISIT,
    cookie_name,
    forwarded,
    page,
    see_other,
    set_session,
    wants_json,
    words_of,
)
from shared.errors import Problem
from shared.http.instances import Answer
from shared.http.problems import json_response

SECOND_FACTOR = f"{SIGN_IN}/second-factor"


async def show_sign_in(request: web.Request) -> web.Response:
    """The form."""
    return page(request, "people/sign_in.html", form=Form({"next": safe_path(request.query.get("next", ""))}))


async def sign_in(request: web.Request) -> web.Response:
    """Check e-mail address and password; go on to the page that was asked for, or to the second factor."""
    values = await read_form(request)
    kept = {"email": values.get("email", ""), "next": safe_path(values.get("next", ""))}
    asked = {"email": kept["email"], "password": values.get("password", "")}
    try:
        found = await _ask(request, "/internal/sessions", asked)
    except Problem as problem:
        return _again(request, kept, problem)
    return go_on(request, kept, found)


async def prove_second_factor(request: web.Request) -> web.Response:
    """Check a code of the second factor, or a passkey's signature (sent by the script as JSON in `credential`)."""
    values = await read_form(request)
    kept = {"email": values.get("email", ""), "next": safe_path(values.get("next", ""))}
    proof: dict[str, object] = {"ticket": values.get("ticket", "")}
    if credential := values.get("credential"):
        proof["credential"] = _json(credential)
    else:
        proof["code"] = values.get("code", "").replace(" ", "")
    try:
        found = await _ask(request, "/internal/sessions/second-factor", proof)
    except Problem as problem:
        return _again(request, kept, problem, key="sign_in.wrong_code")
    return go_on(request, kept, found)


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    visit = request[VISIT]
    await visit.send("DELETE", "/internal/session")
    answer = see_other(SIGN_IN)
    # Browsers ignore a cookie with the prefix `__Host-` without `Secure`, also its end.
    secure = request.app[DESK_SETTINGS].is_secure
    answer.del_cookie(cookie_name(request), path="/", secure=secure, httponly=True, samesite="Lax")
    return answer


async def _ask(request: web.Request, path: str, body: Mapping[str, object]) -> Answer:
    return await request.app[INGESTION].call("POST", path, json=body, headers=forwarded(request))


def go_on(request: web.Request, kept: Mapping[str, str], found: Answer) -> web.Response:
    """The page after a right password: the second factor, or the one that was asked for."""
    if found.json["state"] == "second-factor":
        if wants_json(request):
            return json_response(dict(found.json))
        return page(request, "people/second_factor.html", form=Form(kept), challenge=found.json)
    # A script that asks for the password in the page stays where it is.
    answer = json_response({"state": "signed-in"}) if wants_json(request) else see_other(kept["next"])
    set_session(request, answer, str(found.json["token"]))
    return answer


def _again(
    request: web.Request, kept: Mapping[str, str], problem: Problem, *, key: str = "sign_in.wrong"
) -> web.Response:
    if isinstance(problem, SignedOut) or problem.status == 422:
        problem = Problem(401, words_of(request).text(key))
    if wants_json(request):
        raise problem
    answer = page(request, "people/sign_in.html", status=problem.status, form=refused(kept, problem))
    answer.headers.update(problem.headers)
    return answer


def _json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "The passkey's answer cannot be read.") from error


ROUTES = [
    web.get(SIGN_IN, show_sign_in),
    web.post(SIGN_IN, sign_in),
    web.post(SECOND_FACTOR, prove_second_factor),
    web.post("/desk/sign-out", sign_out),
]
