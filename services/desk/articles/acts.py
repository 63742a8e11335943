"""Acts on an article: each asks once, with a button that says what will happen, then acts on the version that was shown.

`?part=dialog` answers the same question as a part of a page, for a dialog: a form, refused ones with their errors, and JSON
`{"location"}` after success. `?version=` names the version that the person has seen; without it, it is the present one.
"""

from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from services.desk.api import Json
from services.desk.articles.act_rules import ACTS, Act, ask_of, copy_of, hindrance_of, is_complete
from services.desk.articles.act_times import READINGS, TypedTime, read_time
from services.desk.articles.checklist_routes import CheckedFields, run_checks
from services.desk.articles.copy import ArticleFacts, facts_of, values_of
from services.desk.articles.paths import PATH
from services.desk.forms import Form, read_form, refused
from services.desk.keys import SITE
from services.desk.visit import VISIT, page, see_other, words_of
from shared.errors import Problem
from shared.times import now, rfc3339
from shared.zone_times import local_text, offset_text

_NO_TIME = TypedTime()
# Acts before which the checklist is shown.
CHECKED = frozenset({"publish", "correct", "schedule"})


async def confirm(request: web.Request) -> web.Response:
    """Ask before the act."""
    act = ACTS[request.match_info["act"]]
    found = (await request[VISIT].get(_api_path(request))).json
    values = _first_values(request, act, facts_of(found))
    if act.name == "restore":
        _revision(request, values)
    # A dialog loads the checklist itself: links take their time.
    checked = None if _is_part(request) or act.name not in CHECKED else await run_checks(request, values_of(found))
    return _ask(request, act, found, Form(values), seen=request.query.get("version", ""), checked=checked)


def _first_values(request: web.Request, act: Act, article: ArticleFacts) -> Mapping[str, str]:
    """The form before anyone typed: `?revision=`, `?at=` (a local time), or the present schedule or embargo."""
    values = {"revision": request.query["revision"]} if "revision" in request.query else {}
    present = {"publish_at": article.scheduled_for, "embargo_until": article.embargo_until}.get(act.field)
    if act.asks == "time" and request.query.get("at"):
        values[act.field] = request.query["at"]
    elif present is not None:
        values[act.field] = local_text(present, request.app[SITE].zone)
    return values


async def carry_out(request: web.Request) -> web.Response:
    """Carry out the act on the version that was shown."""
    act, values = ACTS[request.match_info["act"]], await read_form(request)
    typed = _NO_TIME
    if act.asks == "time":
        typed = read_time(values.get(act.field, ""), values.get("reading", ""), request.app[SITE].zone, now())
    try:
        if typed.error:
            raise Problem(422, words_of(request).text(f"time.{typed.error}_detail"))
        await _send(request, act, values, typed.moment)
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        found = (await request[VISIT].get(_api_path(request))).json
        return _ask(request, act, found, refused(values, problem), status=problem.status, typed=typed,
                    seen=values.get("version", "") if problem.status == 412 else "")  # fmt: skip
    location = f"/desk/articles/{request.match_info['id']}?done={act.name}"
    if _is_part(request):
        return web.json_response({"location": location}, headers={"Cache-Control": "no-store"})
    return see_other(location)


async def _send(request: web.Request, act: Act, values: Mapping[str, str], moment: datetime | None) -> None:
    """Ask ingestion for the act. Raises its Problem."""
    visit, path = request[VISIT], _api_path(request)
    version, key = values.get("version", "0"), values.get("key", "")
    until = None if moment is None else rfc3339(moment)
    if act.name in ("embargo", "lift-embargo"):
        # The embargo is a field of the working copy; If-Match makes sure that this is the copy that was shown.
        found = (await visit.get(path)).json
        path += "" if is_complete(found) else "?autosave=true"
        await visit.send("PUT", path, copy_of(found, until), version=version, key=key)
    elif act.name == "restore":
        await visit.send("POST", f"{path}/revisions/{_revision(request, values)}/restore", version=version, key=key)
    elif act.asks == "time":
        await visit.send("POST", f"{path}/{act.name}", {act.field: until}, version=version, key=key)
    else:
        body = {act.field: values.get(act.field, "")} if act.field else {}
        await visit.send("POST", f"{path}/{act.name}", body, version=version, key=key)


def _revision(request: web.Request, values: Mapping[str, str]) -> int:
    """The revision to restore; 404 without one."""
    text = values.get("revision", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Problem(404, words_of(request).text("compare.choose"))
    return int(text)


def _ask(
    request: web.Request,
    act: Act,
    found: Json,
    form: Form,
    *,
    status: int = 200,
    typed: TypedTime = _NO_TIME,
    seen: str = "",
    checked: CheckedFields | None = None,
) -> web.Response:
    """The question. `seen`: the version that the person has seen, which may be older than the present one."""
    article, moment, zone = facts_of(found), now(), request.app[SITE].zone
    hindrance = hindrance_of(act, article, moment)
    if act.decides and not request[VISIT].person.publishes:
        hindrance, status = "role", 403
    typed_text = form.value(act.field) if act.asks == "time" else ""
    known = typed if typed.error or typed.moment else read_time(typed_text, form.value("reading"), zone, moment)
    return page(
        request,
        "articles/ask.html" if _is_part(request) else "articles/confirm.html",
        status=status,
        act=act,
        article=article,
        form=form,
        ask=ask_of(act, article),
        hindrance=hindrance,
        time_error=typed.error,
        offered=typed.offered,
        readings=[(name, one, offset_text(one, zone)) for name, one in zip(READINGS, known.offered, strict=True)]
        if known.error == "ambiguous" or (known.moment and known.offered)
        else [],
        moment=known.moment,
        stale_version=seen if seen and seen != str(article.version) else "",
        checked=checked,
        loads_checks=act.name in CHECKED and _is_part(request),
        part="?part=dialog" if _is_part(request) else "",
    )


def _is_part(request: web.Request) -> bool:
    return request.query.get("part") == "dialog"


def _api_path(request: web.Request) -> str:
    return f"/v1/articles/{request.match_info['id']}"


_ACT = "{act:" + "|".join(ACTS) + "}"
ROUTES = [
    web.get(f"{PATH}/{_ACT}", confirm),
    web.post(f"{PATH}/{_ACT}", carry_out),
]
