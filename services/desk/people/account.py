"""A person's own account: name, language, password, second factors, sessions."""

from collections.abc import Mapping

import orjson
import segno
from aiohttp import web
from markupsafe import Markup

from services.desk.api import Json
from services.desk.forms import Form, read_form, refused
from services.desk.visit import SIGN_IN, VISIT, items_of, moment_of, page, see_other, set_session, words_of
from shared.errors import FieldError, Problem
from shared.http.problems import json_response

PATH = "/desk/account"
LANGUAGES = ("en", "ar")


async def show_account(request: web.Request) -> web.Response:
    """Everything about the account."""
    return await _show(request)


async def change_account(request: web.Request) -> web.Response:
    """Set name and language."""
    values = await read_form(request)
    language = values.get("language")
    try:
        await request[VISIT].send("PATCH", "/internal/me", {"name": values.get("name", ""), "language": language})
    except Problem as problem:
        return await _show(request, "about", refused(values, problem))
    return see_other(PATH)


async def change_password(request: web.Request) -> web.Response:
    """Set a new password. The person's other sessions end."""
    values = await read_form(request)
    if values.get("new", "") != values.get("again", ""):
        return await _show(request, "password", _wrong(request, "again", "password.differs"))
    try:
        changed = await request[VISIT].send(
            "PUT", "/internal/me/password", {"old": values.get("old", ""), "new": values.get("new", "")}
        )
    except Problem as problem:
        return await _show(request, "password", refused({}, problem))
    answer = see_other(f"{PATH}?done=password")
    token = changed.json.get("token") or changed.json.get("replace_with")
    if isinstance(token, str):
        set_session(request, answer, token)
    return answer


async def end_sessions(request: web.Request) -> web.Response:
    """Sign out on all other devices, or everywhere."""
    values = await read_form(request)
    if "everywhere" in values:
        await request[VISIT].send("DELETE", "/internal/me/sessions")
        return see_other(SIGN_IN)
    await request[VISIT].send("DELETE", "/internal/me/sessions?others=true")
    return see_other(PATH)


async def begin_totp(request: web.Request) -> web.Response:
    """Show the secret of a new second factor as a QR code and as text."""
    values = await read_form(request)
    try:
        made = await request[VISIT].send("POST", "/internal/me/totp", _password_of(values))
    except Problem as problem:
        return await _show(request, "totp", refused({}, problem))
    return page(request, "people/totp.html", form=Form(), secret=made.json, picture=qr_code(str(made.json["uri"])))


async def confirm_totp(request: web.Request) -> web.Response:
    """Switch the second factor on with its first code; show the recovery codes, once."""
    values = await read_form(request)
    secret = {"secret": values.get("secret", ""), "uri": values.get("uri", "")}
    try:
        code = values.get("code", "").replace(" ", "")
        confirmed = await request[VISIT].send("POST", "/internal/me/totp/confirm", {"code": code})
    except Problem as problem:
        return page(request, "people/totp.html", status=problem.status, form=refused({}, problem), secret=secret,
                    picture=qr_code(secret["uri"]))  # fmt: skip
    return page(request, "people/recovery_codes.html", codes=confirmed.json["recovery_codes"])


async def remove_totp(request: web.Request) -> web.Response:
    """Switch the second factor off."""
    values = await read_form(request)
    try:
        await request[VISIT].send("DELETE", "/internal/me/totp", _password_of(values))
    except Problem as problem:
        return await _show(request, "totp", refused({}, problem))
    return see_other(PATH)


async def begin_passkey(request: web.Request) -> web.Response:
    """Options of a new passkey, for the script. Needs the person's password."""
    values = await read_form(request)
    found = await request[VISIT].send("POST", "/internal/me/passkeys/options", _password_of(values))
    return json_response(found.body)


async def add_passkey(request: web.Request) -> web.Response:
    """Store the passkey that the browser made."""
    values = await read_form(request)
    try:
        credential = orjson.loads(values.get("credential", ""))
    except orjson.JSONDecodeError:
        return await _show(request, "passkeys", _wrong(request, "name", "account.no_passkey"))
    try:
        wanted = {"name": values.get("name", ""), "credential": credential}
        await request[VISIT].send("POST", "/internal/me/passkeys", wanted)
    except Problem as problem:
        return await _show(request, "passkeys", refused({"name": values.get("name", "")}, problem))
    return see_other(PATH)


async def remove_passkey(request: web.Request) -> web.Response:
    """Remove a passkey. Needs the person's password."""
    values, passkey_id = await read_form(request), request.match_info["id"]
    try:
        await request[VISIT].send("DELETE", f"/internal/me/passkeys/{passkey_id}", _password_of(values))
    except Problem as problem:
        return await _show(request, f"passkey-{passkey_id}", refused({}, problem))
    return see_other(PATH)


def _password_of(values: Mapping[str, str]) -> Json:
    return {"password": values.get("password", "")}


def qr_code(uri: str) -> Markup:
    """A QR code as inline SVG, dark on light in both colour schemes: cameras expect that."""
    return Markup(segno.make(uri, error="m").svg_inline(scale=4, dark="#000", light="#fff", border=3))


async def _show(request: web.Request, where: str = "", form: Form | None = None) -> web.Response:
    visit = request[VISIT]
    sessions = await visit.get("/internal/me/sessions")
    passkeys = await visit.get("/internal/me/passkeys")
    forms = {name: Form() for name in ("about", "password", "totp", "passkeys", "removal")} | (
        {where: form} if form else {}
    )
    return page(
        request, "people/account.html", status=422 if form else 200, forms=forms, languages=LANGUAGES,
        sessions=[_session(session) for session in items_of(sessions.json)],
        passkeys=[{**key, "created_at": moment_of(key.get("created_at"))} for key in items_of(passkeys.json)],
        done=request.query.get("done", ""),
    )  # fmt: skip


def _session(found: Json) -> Mapping[str, object]:
    times = ("created_at", "seen_at", "expires_at")
    return {"user_agent": "", "network": "", "current": False, **found} | {
        name: moment_of(found.get(name)) for name in times
    }


def _wrong(request: web.Request, field: str, key: str) -> Form:
    return refused({}, Problem(422, "", errors=(FieldError(f"/{field}", words_of(request).text(key)),)))


ROUTES = [
    web.get(PATH, show_account),
    web.post(PATH, change_account),
    web.post(f"{PATH}/password", change_password),
    web.post(f"{PATH}/sessions", end_sessions),
    web.post(f"{PATH}/totp", begin_totp),
    web.post(f"{PATH}/totp/confirm", confirm_totp),
    web.post(f"{PATH}/totp/remove", remove_totp),
    web.post(f"{PATH}/passkeys/options", begin_passkey),
    web.post(f"{PATH}/passkeys", add_passkey),
    web.post(f"{PATH}/passkeys/{{id:[0-9A-Za-z_-]{{1,200}}}}/remove", remove_passkey),
]
