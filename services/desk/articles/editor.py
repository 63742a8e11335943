"""The editor: writing an article and saving it."""

from collections.abc import Mapping

from aiohttp import web

from services.desk.articles import states
from services.desk.articles.act_buttons import BUTTONS, is_there, states_of
from services.desk.articles.act_rules import ACTS
from services.desk.articles.copy import facts_of, sent_of, values_of
from services.desk.articles.merge import show_merge
from services.desk.articles.paths import PATH
from services.desk.forms import Form, read_form, refused
from services.desk.keys import DESK_SETTINGS
from services.desk.media.lookup import picture_or_none
from services.desk.visit import VISIT, page, see_other, words_of
from shared.errors import Problem
from shared.times import now


async def show_new(request: web.Request) -> web.Response:
    """An empty editor."""
    return await _editor(request, Form({"section": request.query.get("section", "")}), None)


async def create(request: web.Request) -> web.Response:
    """Save a new article as a draft."""
    values = await read_form(request)
    try:
        made = await request[VISIT].send("POST", "/v1/articles", sent_of(values), key=values.get("key", ""))
    except Problem as problem:
        return await _editor(request, refused(values, problem), None, status=problem.status)
    return see_other(_after_save(str(made.json["id"]), values))


async def show_editor(request: web.Request) -> web.Response:
    """The working copy of an article."""
    found = await request[VISIT].get(f"/v1/articles/{request.match_info['id']}")
    return await _editor(request, Form(values_of(found.json)), found.json)


async def save(request: web.Request) -> web.Response:
    """Replace the working copy; go on to the act whose button was pressed."""
    visit, values = request[VISIT], await read_form(request)
    article_id = request.match_info["id"]
    path = f"/v1/articles/{article_id}"
    try:
        await visit.send("PUT", path, sent_of(values), version=values.get("version", "0"), key=values.get("key", ""))
    except Problem as problem:
        found = await visit.get(path)
        if problem.status == 412:
            return await show_merge(request, found.json, values, base_version=values.get("version", ""))
        return await _editor(request, refused(values, problem), found.json, status=problem.status)
    return see_other(_after_save(article_id, values))


def _after_save(article_id: str, values: Mapping[str, str]) -> str:
    act = values.get("act", "save")
    return f"/desk/articles/{article_id}" + ("?saved=1" if act == "save" else f"/{act}")


async def _editor(
    request: web.Request, form: Form, found: Mapping[str, object] | None, *, status: int = 200
) -> web.Response:
    article = None if found is None else facts_of(found)
    return page(request, "articles/editor.html", status=status, form=form, article=article, buttons=BUTTONS,
                states=states_of(article), is_there=is_there,
                lead=await picture_or_none(request, form.value("picture_media_id")),
                most_bytes=request.app[DESK_SETTINGS].media_most_bytes,
                story=[] if article is None else states.states_of(article, now()), outcome=_outcome(request))  # fmt: skip


def _outcome(request: web.Request) -> str:
    """What the act has done that led here; empty without one."""
    act = request.query.get("done", "")
    return words_of(request).text(f"script.act.done_{act}") if act in ACTS else ""


ROUTES = [
    web.get("/desk/articles/new", show_new),
    web.post("/desk/articles/new", create),
    web.get(PATH, show_editor),
    web.post(PATH, save),
]
