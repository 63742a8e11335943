"""HTTP in: an article's threads, for readers."""

from collections.abc import Mapping
from typing import cast

from aiohttp import web

from services.comments.model.rules import Sort
from services.comments.reading.discussions import Question, current_minute, foreign_cursor
from services.comments.reading.keys import ARTICLE_LOOKUP, DISCUSSIONS
from services.comments.reading.list_text import write_page
from services.comments.reading.ranking import BestCursor
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_cursor, read_id_cursor, read_limit, refuse_unknown, write_cursor


async def list_comments(request: web.Request) -> web.Response:
    """List one page of an article's threads."""
    refuse_unknown(request.query, ("sort", "limit", "cursor"))
    question = _question(request.match_info["id"], request.query)
    await request.app[ARTICLE_LOOKUP].readable(question[0])
    page = await request.app[DISCUSSIONS].page(question)
    return json_response(write_page(page.threads, write_cursor(*page.next) if page.has_more else None, page.total))


def _question(article_id: str, query: Mapping[str, str]) -> Question:
    limit = read_limit(query)
    if query.get("sort") == "best":
        return article_id, "best", _read_best_cursor(query), limit
    return article_id, read_sort(query, known="oldest, newest or best"), read_id_cursor(query), limit


def _read_best_cursor(query: Mapping[str, str]) -> BestCursor | None:
    """The cursor of a list by votes, None without one; 400 for a malformed one, and for one of a list that is too old."""
    parts = read_cursor(query, 5)
    if parts is None:
        return None
    cursor = BestCursor.of(parts)
    if cursor is None:
        raise foreign_cursor()
    if cursor.is_over(current_minute()):
        raise field_problem("?cursor", "This list is an hour old; begin it anew, without a cursor.", status=400)
    return cursor


def read_sort(query: Mapping[str, str], *, known: str = "oldest or newest") -> Sort:
    """Read `?sort=` by age; 422 for another order, which names the `known` ones."""
    sort = query.get("sort", "oldest")
    if sort not in ("oldest", "newest"):
        raise field_problem("?sort", f"sort is {known}.")
    return cast(Sort, sort)


ROUTES = [web.get("/v1/articles/{id:[A-Za-z0-9_-]{1,64}}/comments", list_comments)]
