"""Suggestions of tags and bylines in use, for the editor's fields."""

from aiohttp import web

from services.desk.articles.list_page import or_nothing
from services.desk.visit import VISIT
from shared.http.problems import field_problem

_KINDS = ("tags", "bylines")
_LONGEST = 50


async def suggest(request: web.Request) -> web.Response:
    """Names in use that have a word with this beginning, the most used first. Empty when they cannot be had now."""
    kind, beginning = request.query.get("kind", ""), request.query.get("q", "")[:_LONGEST]
    if kind not in _KINDS:
        raise field_problem("?kind", f"kind is one of: {', '.join(_KINDS)}.")
    found = await or_nothing(request[VISIT].get("/v1/articles/terms", kind=kind, q=beginning))
    return web.json_response({"items": found.get("items", [])}, headers={"Cache-Control": "private, max-age=30"})


ROUTES = [web.get("/desk/suggestions", suggest)]
