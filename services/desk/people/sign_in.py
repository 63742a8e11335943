"""Signing in and out."""

from aiohttp import web

from services.desk.api import SignedOut
from services.desk.forms import Form, read_form, refused, safe_path
from services.desk.keys import INGESTION
from services.desk.visit import SIGN_IN, VISIT, cookie_name, forwarded, page, see_other, set_session, words_of
from shared.errors import Problem


async def show_sign_in(request: web.Request) -> web.Response:
    """The form."""
    return page(request, "people/sign_in.html", form=Form({"next": safe_path(request.query.get("next", ""))}))


async def sign_in(request: web.Request) -> web.Response:
    """Check e-mail address and password; go on to the page that was asked for, or to the second factor."""
    values = await read_form(request)
    asked = {"email": values.get("email", ""), "password": values.get("password", "")}
    kept = {"email": asked["email"], "next": safe_path(values.get("next", ""))}
    try:
        found = await request.app[INGESTION].call("POST", "/internal/sessions", json=asked, headers=forwarded(request))
    except SignedOut:
        return _again(request, kept, Problem(401, words_of(request).text("sign_in.wrong")))
    except Problem as problem:
        return _again(request, kept, problem)
    if found.json["state"] == "second-factor":
        return page(request, "people/second_factor.html", form=Form(kept), challenge=found.json)
    answer = see_other(kept["next"])
    set_session(request, answer, str(found.json["token"]))
    return answer


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    visit = request[VISIT]
    await visit.send("DELETE", "/internal/session")
    answer = see_other(SIGN_IN)
    answer.del_cookie(cookie_name(request), path="/")
    return answer


def _again(request: web.Request, kept: dict[str, str], problem: Problem) -> web.Response:
    answer = page(request, "people/sign_in.html", status=problem.status, form=refused(kept, problem))
    answer.headers.update(problem.headers)
    return answer


ROUTES = [
    web.get(SIGN_IN, show_sign_in),
    web.post(SIGN_IN, sign_in),
    web.post("/desk/sign-out", sign_out),
]
