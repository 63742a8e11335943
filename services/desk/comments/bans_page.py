"""Bans and mutes: the list, a new one, lifting one."""

from dataclasses import replace

from aiohttp import web

from services.desk.comments.bans import BAN_CHOICES, ban_of, form_errors, wanted_ban
from services.desk.comments.calls import read, send
from services.desk.comments.decisions import is_id
from services.desk.comments.moderators import moderators_only
from services.desk.comments.queue_query import PATH
from services.desk.forms import Form, read_form, refused
from services.desk.visit import items_of, page, see_other
from shared.errors import Problem
from shared.times import now

_PATH = f"{PATH}/bans"
_LIMIT = "50"


@moderators_only
async def show_bans(request: web.Request) -> web.Response:
    """Bans that are in force, and a form for a new one."""
    return await _show(request, Form())


@moderators_only
async def add_ban(request: web.Request) -> web.Response:
    """Ban or mute an address or a network, or the author of a comment; then back to where the form was."""
    values = await read_form(request)
    comment = values.get("comment_id", "")
    try:
        await send(request, "POST", "/bans", wanted_ban(values, now()), key=values.get("key", ""))
    except Problem as problem:
        form = refused(values, problem)
        return await _show(request, replace(form, errors=form_errors(form.errors)), status=problem.status)
    return see_other(f"{PATH}/{comment}?banned=1" if is_id(comment) else _PATH)


@moderators_only
async def lift_ban(request: web.Request) -> web.Response:
    """Lift a ban."""
    values = await read_form(request)
    try:
        await send(request, "DELETE", f"/bans/{request.match_info['id']}", key=values.get("key", ""))
    except Problem as problem:
        # A colleague has lifted it already.
        if problem.status != 404:
            raise
    comment = values.get("back", "")
    return see_other(f"{PATH}/{comment}" if is_id(comment) else _PATH)


async def _show(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    found = await read(request, "/bans", limit=_LIMIT, cursor=request.query.get("cursor"))
    return page(
        request, "comments/bans.html", status=status, form=form, bans=[ban_of(item) for item in items_of(found)],
        next_cursor=found.get("next_cursor"), choices=BAN_CHOICES,
    )  # fmt: skip


ROUTES = [
    web.get(_PATH, show_bans),
    web.post(_PATH, add_ban),
    web.post(_PATH + "/{id:[A-Za-z0-9_:.-]{1,128}}/lift", lift_ban),
]
