"""HTTP in: the moderators' lists of comments."""

from collections.abc import Mapping

from aiohttp import web

from services.comments.access.moderators import moderator
from services.comments.model.contract import CommentAnswer
from services.comments.model.keys import STORE
from services.comments.model.rules import STATUSES, Status
from services.comments.moderation.queue_contract import CommentList
from services.comments.reading.list_routes import read_sort
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_id_cursor, read_limit, refuse_unknown, write_cursor


async def list_by_status(request: web.Request) -> web.Response:
    """List comments of one status, by default the pending ones."""
    await moderator(request)
    refuse_unknown(request.query, ("status", "sort", "limit", "cursor"))
    limit, cursor = read_limit(request.query), read_id_cursor(request.query)
    found = await request.app[STORE].comments.with_status(
        _read_status(request.query), read_sort(request.query), cursor, limit + 1
    )
    shown = found[:limit]
    answer = CommentList(
        items=[CommentAnswer.of(comment) for comment in shown],
        next_cursor=write_cursor(shown[-1].id) if len(found) > limit else None,
    )
    return json_response(answer.model_dump_json().encode())


def _read_status(query: Mapping[str, str]) -> Status:
    status = query.get("status", "pending")
    if status not in STATUSES:
        raise field_problem("?status", f"status is one of {', '.join(STATUSES)}.")
    return status


ROUTES = [web.get("/v1/comments", list_by_status)]
