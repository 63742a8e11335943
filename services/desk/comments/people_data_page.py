"""Export and erasure of everything that comments keeps of an e-mail address, for admins."""

from aiohttp import web

from services.desk.comments.calls import send
from services.desk.comments.queue_query import PATH
from services.desk.forms import Form, read_form, refused
from services.desk.people.admins import admins_only
from services.desk.visit import page, words_of
from shared.errors import Problem, Unavailable
from shared.http.problems import SECURITY_HEADERS

_PATH = f"{PATH}/people-data"
_FILE = "people-data.json"
# The proof of an erasure waits up to 10 s for the topic and 10 s for pages. The edge waits 60 s for the desk.
_ERASURE_S = 50.0


@admins_only
async def show_people_data(request: web.Request) -> web.Response:
    """The form."""
    return _show(request, Form())


@admins_only
async def export_people_data(request: web.Request) -> web.Response:
    """Everything of an address as a JSON file. The address is in no URL and in no file name."""
    values = await read_form(request)
    try:
        found = await send(request, "POST", "/people-data/export", {"email": values.get("email", "").strip()})
    except Problem as problem:
        return _show(request, refused(values, problem), status=problem.status)
    headers = {
        **SECURITY_HEADERS,
        "Content-Disposition": f'attachment; filename="{_FILE}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=found.body, content_type="application/json", charset="utf-8", headers=headers)


@admins_only
async def erase_people_data(request: web.Request) -> web.Response:
    """Ask first; then erase, and show the proof."""
    values = await read_form(request)
    email = values.get("email", "").strip()
    if not email or values.get("sure") != "1":
        return _show(request, Form({"email": email}), asks=bool(email), status=200 if email else 422)
    try:
        found = await send(
            request, "POST", "/people-data/erase", {"email": email}, key=values.get("key", ""), timeout_s=_ERASURE_S
        )
    except Problem as problem:
        return _show(request, refused(values, problem), status=problem.status)
    except (Unavailable, TimeoutError):
        # Some of it may be done. A repetition does the rest, and proves it.
        form = Form({"email": email}, detail=words_of(request).text("rights.unfinished"))
        return _show(request, form, asks=True, status=503)
    return _show(request, Form(), erased=found.json)


def _show(
    request: web.Request, form: Form, *, status: int = 200, asks: bool = False, erased: object = None
) -> web.Response:
    return page(request, "comments/people_data.html", status=status, form=form, asks=asks, erased=erased)


ROUTES = [
    web.get(_PATH, show_people_data),
    web.post(f"{_PATH}/export", export_people_data),
    web.post(f"{_PATH}/erase", erase_people_data),
]
