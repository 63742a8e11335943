"""HTTP in: an article's threads, for readers."""

from collections.abc import Mapping, Sequence
from typing import cast

from aiohttp import web

from services.comments.model import rules
from services.comments.model.records import Comment, thread_entry
from services.comments.model.rules import Sort, ThreadNode
from services.comments.reading.contract import Discussion, ThreadAnswer
from services.comments.reading.discussions import DiscussionPage
from services.comments.reading.keys import ARTICLE_LOOKUP, DISCUSSIONS
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_id_cursor, read_limit, refuse_unknown, write_cursor


async def list_comments(request: web.Request) -> web.Response:
    """List one page of an article's threads."""
    refuse_unknown(request.query, ("sort", "limit", "cursor"))
    sort, limit = read_sort(request.query), read_limit(request.query)
    cursor = read_id_cursor(request.query)
    article = await request.app[ARTICLE_LOOKUP].readable(request.match_info["id"])
    return json_response(await request.app[DISCUSSIONS].answer((article.id, sort, cursor, limit), _write_page))


def _write_page(page: DiscussionPage) -> bytes:
    threads = rules.arrange([thread_entry(comment) for comment in page.comments.values()])
    by_root = {node.id: node for node in threads}
    discussion = Discussion(
        # A thread whose last comment is removed at this moment has no node.
        items=_with_replies([by_root[root] for root in page.roots if root in by_root], page.comments),
        next_cursor=write_cursor(page.roots[-1]) if page.has_more else None,
        total=page.total,
    )
    return discussion.model_dump_json().encode()


def _with_replies(nodes: Sequence[ThreadNode], comments: Mapping[str, Comment]) -> list[ThreadAnswer]:
    return [ThreadAnswer.with_replies(comments[node.id], _with_replies(node.replies, comments)) for node in nodes]


def read_sort(query: Mapping[str, str]) -> Sort:
    """Read `?sort=`; 422 for an unknown order."""
    sort = query.get("sort", "oldest")
    if sort not in ("oldest", "newest"):
        raise field_problem("?sort", "sort is oldest or newest.")
    return cast(Sort, sort)


ROUTES = [web.get("/v1/articles/{id:[A-Za-z0-9_-]{1,64}}/comments", list_comments)]
