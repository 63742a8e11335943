"""API tokens, for admins. A token is shown once, when it is made."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from aiohttp import web

from services.desk.forms import Form, read_form, refused
from services.desk.keys import SITE
from services.desk.people.admins import admins_only
from services.desk.people.people_page import ROLES
from services.desk.visit import VISIT, items_of, moment_of, page, see_other, words_of
from shared.errors import FieldError, Problem
from shared.times import rfc3339

_ID = "{id:[0-9a-z]{26}}"


@admins_only
async def show_tokens(request: web.Request) -> web.Response:
    """All tokens, and a form that makes one."""
    return await _show(request, Form())


@admins_only
async def make_token(request: web.Request) -> web.Response:
    """Make a token, and show it."""
    values = await read_form(request)
    try:
        wanted: dict[str, object] = {name: values.get(name, "") for name in ("name", "role")}
        if last_day := values.get("expires_at"):
            wanted["expires_at"] = rfc3339(end_of_day(last_day, request.app[SITE].zone))
        made = await request[VISIT].send("POST", "/v1/tokens", wanted, key=values.get("key", ""))
    except ValueError:
        problem = Problem(422, "", errors=(FieldError("/expires_at", words_of(request).text("tokens.no_day")),))
        return await _show(request, refused(values, problem), status=422)
    except Problem as problem:
        return await _show(request, refused(values, problem), status=problem.status)
    return await _show(request, Form(), made=made.json)


@admins_only
async def revoke_token(request: web.Request) -> web.Response:
    """Revoke a token."""
    values = await read_form(request)
    await request[VISIT].send("DELETE", f"/v1/tokens/{request.match_info['id']}", key=values.get("key", ""))
    return see_other("/desk/tokens")


def end_of_day(day: str, zone: ZoneInfo) -> datetime:
    """The last second of a day in the newsroom's zone. ValueError when the text is no day."""
    return datetime.combine(datetime.strptime(day, "%Y-%m-%d").date(), time(23, 59, 59), zone)


async def _show(request: web.Request, form: Form, *, made: object = None, status: int = 200) -> web.Response:
    found = await request[VISIT].get("/v1/tokens", limit="100", cursor=request.query.get("cursor"))
    times = ("created_at", "expires_at", "last_used_at", "revoked_at")
    tokens = [{**token, **{name: moment_of(token.get(name)) for name in times}} for token in items_of(found.json)]
    return page(
        request, "people/tokens.html", status=status, form=form, tokens=tokens, made=made, roles=ROLES,
        next_cursor=found.json.get("next_cursor"),
    )  # fmt: skip


ROUTES = [
    web.get("/desk/tokens", show_tokens),
    web.post("/desk/tokens", make_token),
    web.post(f"/desk/tokens/{_ID}/revoke", revoke_token),
]
