"""A save that lost the race: both texts, their differences, and the ways out. A page, and a part of the editor for its script."""

import asyncio
from collections.abc import Mapping
from typing import cast, get_args

from aiohttp import web

from services.desk.articles.copy import facts_of
from services.desk.articles.merge_view import BASE, Values, Way, form_values, merge_view, saves_of
from services.desk.articles.paths import PATH
from services.desk.forms import Form, read_form
from services.desk.visit import VISIT, Visit, items_of, page, see_other, wants_json
from shared.errors import Problem
from shared.http.problems import json_response

# The fields of both texts, and a choice for each passage.
MOST_FIELDS = 2_000


async def merge_texts(request: web.Request) -> web.Response:
    """Show both texts, or carry out the way out whose button was pressed."""
    values = await read_form(request, most_fields=MOST_FIELDS)
    visit, path = request[VISIT], f"/v1/articles/{request.match_info['id']}"
    found = (await visit.get(path)).json
    way = values.get("way", "")
    if way not in get_args(Way):
        return await show_merge(request, found, values, status=200, base_version=values.get("version", ""))
    if values.get("version") != str(found["version"]):
        return await show_merge(request, found, values)
    view = await asyncio.to_thread(merge_view, form_values(found), _mine(values), _base(values))
    saves = saves_of(cast(Way, way), view, values, keeps_theirs=await _is_without_revision(visit, found))
    if saves is None:
        return await show_merge(request, found, values, status=422, problem=visit.words.text("merge.choose_all"))
    try:
        for sent in saves:
            found = (await visit.send("PUT", path, sent, version=found["version"])).json
    except Problem as problem:
        found = (await visit.get(path)).json
        return await show_merge(request, found, values, status=problem.status, problem=problem.detail)
    return json_response(dict(found)) if wants_json(request) else see_other(f"/desk/articles/{found['id']}?saved=1")


async def show_merge(
    request: web.Request,
    found: Mapping[str, object],
    values: Values,
    *,
    status: int = 412,
    problem: str = "",
    base_version: str = "",
) -> web.Response:
    """Both texts: `found` is the article as it is stored, `values` the form that was refused.

    `base_version`: the version that the form was made from. Empty where nobody knows it: the `version` of the merge
    screen itself is a colleague's text that it showed.
    """
    base = _base(values) or await _base_of_version(request[VISIT], found, base_version)
    mine = _mine(values)
    view = await asyncio.to_thread(merge_view, form_values(found), mine, base)
    template = "articles/merge_part.html" if request.query.get("part") == "dialog" else "articles/merge.html"
    return page(request, template, status=status, view=view, base=base, article=facts_of(found),
                form=Form(values, {}, problem), sent=mine)  # fmt: skip


def _mine(values: Values) -> Values:
    names = ("act", "key", "version", "way")
    return {
        name: text
        for name, text in values.items()
        if name not in names and not name.startswith((BASE, "field-", "passage-"))
    }


def _base(values: Values) -> Values:
    return {name.removeprefix(BASE): text for name, text in values.items() if name.startswith(BASE)}


async def _base_of_version(visit: Visit, found: Mapping[str, object], version: str) -> Values:
    """The revision that a form was made from. Automatic saves in between have none: then the base is unknown."""
    if not version.isdigit():
        return {}
    try:
        revision = await visit.get(f"/v1/articles/{found['id']}/revisions/{version}")
    except Problem as problem:
        if problem.status == 404:
            return {}
        raise
    content = revision.json.get("content")
    return form_values(content) if isinstance(content, Mapping) else {}


async def _is_without_revision(visit: Visit, found: Mapping[str, object]) -> bool:
    """Whether the stored text was saved automatically: it may be the same person's, and ingestion keeps only other people's."""
    newest = items_of((await visit.get(f"/v1/articles/{found['id']}/revisions", limit="1")).json)
    return bool(newest) and newest[0]["version"] != found["version"]


ROUTES = [web.post(f"{PATH}/merge", merge_texts)]
