"""Settings of all discussions: what waits, word lists, links, windows, the external check."""

from dataclasses import replace

from aiohttp import web

from services.desk.comments.calls import read_answer, send
from services.desk.comments.moderators import moderators_only
from services.desk.comments.queue_query import PATH
from services.desk.comments.settings_form import MODES, WHEN_IT_FAILS, field_of, form_values, settings_of
from services.desk.forms import Form, read_form, refused
from services.desk.visit import page, see_other
from shared.errors import Problem

_PATH = f"{PATH}/settings"


@moderators_only
async def show_settings(request: web.Request) -> web.Response:
    """The settings as a form."""
    found = await read_answer(request, "/settings")
    version = found.headers.get("ETag", "").strip('"')
    values = {**form_values(found.json), "version": version}
    return _show(request, Form(values), is_saved="saved" in request.query)


@moderators_only
async def save_settings(request: web.Request) -> web.Response:
    """Save the form. After a colleague's change it comes back whole, beside theirs, and saves nothing."""
    values = await read_form(request)
    try:
        await send(
            request,
            "PUT",
            "/settings",
            settings_of(values),
            key=values.get("key", ""),
            version=values.get("version", ""),
        )
    except Problem as problem:
        if problem.status == 412:
            return await _show_conflict(request, values)
        errors = {field_of(error.pointer): error.detail for error in problem.errors}
        return _show(request, replace(refused(values, problem), errors=errors), status=problem.status)
    return see_other(f"{_PATH}?saved=1")


async def _show_conflict(request: web.Request, values: dict[str, str]) -> web.Response:
    found = await read_answer(request, "/settings")
    theirs = form_values(found.json)
    # The next press of "Save" is a decision that has seen both.
    form = Form({**values, "version": found.headers.get("ETag", "").strip('"')})
    differing = {name: text for name, text in theirs.items() if name != "has_secret" and text != values.get(name, "")}
    return _show(request, form, status=412, theirs=differing)


def _show(
    request: web.Request, form: Form, *, status: int = 200, theirs: dict[str, str] | None = None, is_saved: bool = False
) -> web.Response:
    return page(
        request, "comments/settings.html", status=status, form=form, modes=MODES, when_it_fails=WHEN_IT_FAILS,
        theirs=theirs, is_saved=is_saved,
    )  # fmt: skip


ROUTES = [web.get(_PATH, show_settings), web.post(_PATH, save_settings)]
