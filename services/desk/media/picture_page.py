"""A picture's page: its texts, its focal point with the crops that follow from it, where it is used, and deleting it."""

from collections.abc import Mapping

from aiohttp import web

from services.desk.forms import Form, read_form, refused
from services.desk.media.calls import change_picture, delete_picture, read_picture
from services.desk.media.library_query import PATH as LIBRARY
from services.desk.media.picture_rules import changes_of, overtaken, values_of
from services.desk.media.pictures import CROPS
from services.desk.visit import VISIT, page, see_other, words_of
from shared.errors import Problem

PATH = f"{LIBRARY}/{{id:[0-9a-z]{{26}}}}"
_DONE = frozenset({"added", "known", "saved"})


async def show_picture(request: web.Request) -> web.Response:
    """The picture as it is stored."""
    return await _show(request)


async def save_picture(request: web.Request) -> web.Response:
    """Save the texts and the focal point; what a colleague saved meanwhile is shown beside what was typed."""
    values = await read_form(request)
    picture_id = request.match_info["id"]
    changes = changes_of(await read_picture(request, picture_id), values)
    try:
        if changes:
            await change_picture(request, picture_id, changes, values.get("version", "0"))
    except Problem as problem:
        if problem.status not in (409, 412, 422):
            raise
        return await _show(request, values, problem)
    return see_other(f"{LIBRARY}/{picture_id}?done=saved")


async def ask_delete(request: web.Request) -> web.Response:
    """Ask before the picture is deleted."""
    return page(
        request, "media/delete.html", picture=await read_picture(request, request.match_info["id"]), form=Form()
    )


async def delete(request: web.Request) -> web.Response:
    """Delete the picture. Media refuses while an article uses it."""
    picture_id = request.match_info["id"]
    try:
        await delete_picture(request, picture_id)
    except Problem as problem:
        if problem.status != 409:
            raise
        picture = await read_picture(request, picture_id)
        return page(request, "media/delete.html", status=409, picture=picture, form=refused({}, problem))
    return see_other(f"{LIBRARY}?done=deleted")


async def _show(
    request: web.Request, typed: Mapping[str, str] | None = None, problem: Problem | None = None
) -> web.Response:
    picture = await read_picture(request, request.match_info["id"])
    form, theirs = Form(values_of(picture)), []
    if typed is not None and problem is not None:
        # Saved once more, the typed texts replace what this page now shows beside them.
        values = {**typed, "version": str(picture.version)}
        is_late = problem.status == 412
        theirs = overtaken(picture, typed) if is_late else []
        form = (
            Form(values, {}, words_of(request).text("media.changed_meanwhile")) if is_late else refused(values, problem)
        )
    done = request.query.get("done", "")
    return page(request, "media/picture.html", status=200 if problem is None else problem.status, picture=picture,
                form=form, theirs=theirs, crops=[shape for shape in CROPS if shape in picture.crops],
                deletes=request[VISIT].person.publishes,
                outcome=words_of(request).text(f"media.done_{done}") if done in _DONE else "")  # fmt: skip


ROUTES = [
    web.get(PATH, show_picture),
    web.post(PATH, save_picture),
    web.get(f"{PATH}/delete", ask_delete),
    web.post(f"{PATH}/delete", delete),
]
