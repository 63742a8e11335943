"""People of the newsroom, for admins: invitations, roles, deactivation, signing out."""

from aiohttp import web

from services.desk.forms import Form, read_form, refused
from services.desk.people.admins import admins_only
from services.desk.visit import VISIT, items_of, moment_of, page, see_other
from shared.errors import Problem

ROLES = ("reporter", "editor", "moderator", "admin")
_ID = "{id:[0-9a-z]{26}}"


@admins_only
async def show_people(request: web.Request) -> web.Response:
    """Everybody, and a form that invites."""
    return await _show(request, Form())


@admins_only
async def invite(request: web.Request) -> web.Response:
    """Invite a person. The link is shown once, on this page."""
    values = await read_form(request)
    wanted = {name: values.get(name, "") for name in ("name", "email", "role")}
    try:
        made = await request[VISIT].send("POST", "/v1/people", wanted, key=values.get("key", ""))
    except Problem as problem:
        return await _show(request, refused(values, problem), status=problem.status)
    return await _show(request, Form(), invited=made.json)


@admins_only
async def change_person(request: web.Request) -> web.Response:
    """Carry out the button that was pressed: role, deactivate, activate, sign out everywhere, a new invitation."""
    visit, values = request[VISIT], await read_form(request)
    path, act, key = f"/v1/people/{request.match_info['id']}", values.get("act", ""), values.get("key", "")
    try:
        if act == "role":
            await visit.send("PATCH", path, {"role": values.get("role", "")}, key=key)
        elif act in ("deactivate", "activate"):
            await visit.send("PATCH", path, {"active": act == "activate"}, key=key)
        elif act == "sign-out":
            await visit.send("POST", f"{path}/sign-out", key=key)
        else:
            body = {"reset_factors": True} if "reset_factors" in values else {}
            made = await visit.send("POST", f"{path}/invite", body, key=key)
            return await _show(request, Form(), invited=made.json)
    except Problem as problem:
        return await _show(request, refused({}, problem), status=problem.status)
    return see_other("/desk/people")


async def _show(request: web.Request, form: Form, *, invited: object = None, status: int = 200) -> web.Response:
    found = await request[VISIT].get("/v1/people", limit="100", cursor=request.query.get("cursor"))
    people = [{**person, "signed_in_at": moment_of(person.get("signed_in_at"))} for person in items_of(found.json)]
    return page(
        request, "people/people.html", status=status, form=form, people=people, invited=invited, roles=ROLES,
        next_cursor=found.json.get("next_cursor"),
    )  # fmt: skip


ROUTES = [
    web.get("/desk/people", show_people),
    web.post("/desk/people", invite),
    web.post(f"/desk/people/{_ID}", change_person),
]
