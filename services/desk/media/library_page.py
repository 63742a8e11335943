"""The library: every picture, newest first, and a form that adds one. `?part=choose` is its list alone, for the picker."""

from collections.abc import Awaitable

from aiohttp import web

from services.desk.forms import Form, read_form, refused
from services.desk.keys import DESK_SETTINGS
from services.desk.media.calls import fetch_picture, pass_upload, read_pictures
from services.desk.media.library_query import PATH, SWITCHES, read_query
from services.desk.media.pictures import picture_of
from services.desk.visit import items_of, page, see_other, words_of
from shared.errors import FieldError, Problem
from shared.http.instances import Answer

MULTIPART = "multipart/form-data"
_LIMIT = "24"
# Room for the other parts of an upload's body.
_FRAME_BYTES = 64 * 1024
# What a refusal is about: beside that field it is shown.
_REFUSALS = frozenset({400, 409, 413, 415, 422})


async def show_library(request: web.Request) -> web.Response:
    """The pictures that pass the filters of the address."""
    return await _library(request, Form())


async def upload(request: web.Request) -> web.Response:
    """Add the file of a form. Scripts send files to media themselves."""
    if request.content_type != MULTIPART:
        raise Problem(415, f"Send {MULTIPART}.", headers={"Accept": MULTIPART})
    return await _add(request, "file", _sent(request))


async def fetch(request: web.Request) -> web.Response:
    """Add the picture at an address."""
    values = await read_form(request)
    return await _add(request, "url", fetch_picture(request, values.get("url", "")), values.get("url", ""))


async def _sent(request: web.Request) -> Answer:
    most = request.app[DESK_SETTINGS].media_most_bytes
    if (request.content_length or 0) > most + _FRAME_BYTES:
        words = words_of(request)
        raise Problem(413, words.text("script.upload.too_large", most=words.file_size(most)))
    return await pass_upload(request)


async def _add(request: web.Request, field: str, adding: Awaitable[Answer], typed: str = "") -> web.Response:
    """Go on to the new picture; a refusal stands beside the field."""
    try:
        answer = await adding
    except Problem as problem:
        if problem.status not in _REFUSALS:
            raise
        detail = " ".join(error.detail for error in problem.errors) or problem.detail
        shown = type(problem)(problem.status, problem.detail, errors=(FieldError(f"/{field}", detail),))
        return await _library(request, refused({field: typed}, shown), status=problem.status)
    done = "added" if answer.status == 201 else "known"
    return see_other(f"{PATH}/{answer.json['id']}?done={done}")


async def _library(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    query = read_query(request.query)
    found = await read_pictures(request, {**query.params, "limit": _LIMIT})
    template = "media/choose.html" if request.query.get("part") == "choose" else "media/library.html"
    return page(request, template, status=status, form=form, query=query, switches=SWITCHES,
                pictures=[picture_of(item) for item in items_of(found)], next_cursor=found.get("next_cursor"),
                most_bytes=request.app[DESK_SETTINGS].media_most_bytes, outcome=_outcome(request))  # fmt: skip


def _outcome(request: web.Request) -> str:
    return words_of(request).text("media.done_deleted") if request.query.get("done") == "deleted" else ""


ROUTES = [
    web.get(PATH, show_library),
    web.post(PATH, upload),
    web.post(f"{PATH}/fetch", fetch),
]
