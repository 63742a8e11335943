"""The discussion of one article: open or closed, and which of its comments wait."""

from aiohttp import web

from services.desk.api import Json
from services.desk.comments.calls import change_discussion, read_discussion
from services.desk.comments.moderators import moderators_only
from services.desk.comments.queue_query import PATH
from services.desk.comments.settings_form import MODES
from services.desk.forms import Form, read_form, refused
from services.desk.visit import moment_of, page, see_other
from shared.errors import Problem

_PATH = PATH + "/articles/{id:[A-Za-z0-9_-]{1,64}}"
# None: as the settings of all discussions say.
_OPEN = {"": None, "open": True, "closed": False}


@moderators_only
async def show_discussion(request: web.Request) -> web.Response:
    """The state, and a form that changes it."""
    found = await read_discussion(request, request.match_info["id"])
    return _show(request, found, Form(), is_saved="saved" in request.query)


@moderators_only
async def save_discussion(request: web.Request) -> web.Response:
    """Open, close, or leave it to the settings."""
    values = await read_form(request)
    article_id = request.match_info["id"]
    changes = {"open": _OPEN.get(values.get("open", "")), "mode": values.get("mode") or None}
    try:
        await change_discussion(request, article_id, changes, values.get("key", ""))
    except Problem as problem:
        found = await read_discussion(request, article_id)
        return _show(request, found, refused(values, problem), status=problem.status)
    return see_other(f"{PATH}/articles/{article_id}?saved=1")


def _show(request: web.Request, found: Json, form: Form, *, is_saved: bool = False, status: int = 200) -> web.Response:
    return page(
        request, "comments/discussion.html", status=status, discussion=found, form=form, is_saved=is_saved,
        closes_at=moment_of(found.get("closes_at")), modes=MODES, article_id=request.match_info["id"],
    )  # fmt: skip


ROUTES = [web.get(_PATH, show_discussion), web.post(_PATH, save_discussion)]
