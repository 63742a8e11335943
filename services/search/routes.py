"""HTTP in: searches."""

from aiohttp import web

from services.search.rules import next_cursor, read_offset, read_question
from services.search.searcher import Searcher
from shared.http.problems import json_response
from shared.http.requests import read_limit

SEARCHER = web.AppKey("searcher", Searcher)
SECTIONS = web.AppKey("sections", frozenset[str])


async def search(request: web.Request) -> web.StreamResponse:
    """One page of the results of a question."""
    question = read_question(request.query, request.app[SECTIONS])
    limit, offset = read_limit(request.query), read_offset(request.query)
    found = await request.app[SEARCHER].find(question, offset, limit)
    cursor = next_cursor(request.query, offset + limit, found.total)
    return json_response({"total": found.total, "items": found.items, "next_cursor": cursor})


ROUTES = [web.get("/v1/search", search)]
