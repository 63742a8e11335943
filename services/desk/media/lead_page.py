"""Choosing an article's lead picture on a page of its own: the editor's picker without JavaScript."""

from aiohttp import web

from services.desk.api import Json
from services.desk.articles.act_rules import copy_of, is_complete
from services.desk.articles.copy import facts_of
from services.desk.articles.paths import PATH as ARTICLE
from services.desk.forms import Form, read_form, refused
from services.desk.media.calls import read_pictures
from services.desk.media.library_query import read_query
from services.desk.media.pictures import picture_of
from services.desk.visit import VISIT, items_of, page, see_other, words_of
from shared.errors import Problem

_LIMIT = "24"


async def show_choice(request: web.Request) -> web.Response:
    """The library's pictures, and "none"."""
    return await _show(request, await _article(request), Form())


async def choose(request: web.Request) -> web.Response:
    """Give the article the chosen picture. Texts about the picture before do not go along."""
    values = await read_form(request)
    found, version = await _article(request), values.get("version", "0")
    picture_id = values.get("media_id", "")
    lead = None if picture_id == "none" else {"media_id": picture_id}
    sent = {**copy_of(found, _text(found.get("embargo_until"))), "lead_image": lead}
    path = f"/v1/articles/{found['id']}" + ("" if is_complete({**found, "lead_image": None}) else "?autosave=true")
    try:
        await request[VISIT].send("PUT", path, sent, version=version, key=values.get("key", ""))
    except Problem as problem:
        if problem.status not in (412, 422):
            raise
        is_late = problem.status == 412
        form = Form(values, {}, words_of(request).text("stale.what")) if is_late else refused(values, problem)
        return await _show(request, await _article(request), form, status=problem.status)
    return see_other(f"/desk/articles/{found['id']}?saved=1")


async def _article(request: web.Request) -> Json:
    return (await request[VISIT].get(f"/v1/articles/{request.match_info['id']}")).json


async def _show(request: web.Request, found: Json, form: Form, *, status: int = 200) -> web.Response:
    query = read_query(request.query)
    listed = await read_pictures(request, {**query.params, "limit": _LIMIT})
    return page(request, "media/lead.html", status=status, article=facts_of(found), form=form, query=query,
                pictures=[picture_of(item) for item in items_of(listed)], next_cursor=listed.get("next_cursor"),
                has_lead=found.get("lead_image") is not None)  # fmt: skip


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


ROUTES = [
    web.get(f"{ARTICLE}/picture", show_choice),
    web.post(f"{ARTICLE}/picture", choose),
]
