"""An invitation: the person chooses a password and is signed in."""

from aiohttp import web

from services.desk.forms import Form, read_form, refused
from services.desk.keys import INGESTION
from services.desk.people.sign_in import go_on
from services.desk.visit import forwarded, page, words_of
from shared.errors import Problem

_PATH = "/desk/invitation/{token:[0-9A-Za-z_-]{10,200}}"


async def show_invitation(request: web.Request) -> web.Response:
    """The form for the password, or a page that says the invitation is used or too old."""
    return await _show(request, Form())


async def accept_invitation(request: web.Request) -> web.Response:
    """Set the password."""
    values = await read_form(request)
    if values.get("password", "") != values.get("again", ""):
        form = Form(errors={"again": words_of(request).text("password.differs")})
        return await _show(request, form, status=422)
    try:
        found = await request.app[INGESTION].call(
            "POST", _internal(request), json={"password": values.get("password", "")}, headers=forwarded(request)
        )
    except Problem as problem:
        if problem.status != 422:
            raise
        return await _show(request, refused({}, problem), status=422)
    return go_on(request, {"email": "", "next": "/desk"}, found)


async def _show(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    try:
        found = await request.app[INGESTION].call("GET", _internal(request), headers=forwarded(request))
    except Problem as problem:
        if problem.status not in (404, 410):
            raise
        return page(request, "people/invitation.html", status=410, form=form, invitation=None)
    return page(request, "people/invitation.html", status=status, form=form, invitation=found.json)


def _internal(request: web.Request) -> str:
    return f"/internal/invitations/{request.match_info['token']}"


ROUTES = [web.get(_PATH, show_invitation), web.post(_PATH, accept_invitation)]
