"""HTTP in: the moderators' queues and lists of comments, and the numbers of what waits."""

from collections.abc import Mapping
from typing import TypeVar

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from services.comments.access.moderators import moderator
from services.comments.model.fields import Email
from services.comments.model.keys import STORE
from services.comments.model.rules import QUEUES, STATUSES, Queue, Sort, Status
from services.comments.moderation.item_contract import ModeratedComment
from services.comments.moderation.keys import ITEMS, QUEUE_INDEX
from services.comments.moderation.queue_contract import LONGEST_SEARCH, CommentList, QueueCountsAnswer
from services.comments.moderation.queues import QueuePage
from services.comments.reading.list_routes import read_sort
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_id_cursor, read_limit, refuse_unknown, write_cursor
from shared.text import SEARCH_LINE, TextRefused, fold, tidy

_email: TypeAdapter[str] = TypeAdapter(Email)
_OLDEST_FIRST: frozenset[Queue] = frozenset({"pending", "reported"})
_Name = TypeVar("_Name", bound=str)


async def list_comments(request: web.Request) -> web.Response:
    """List comments of a queue, or of one status: by default the pending ones, oldest first."""
    await moderator(request)
    query = request.query
    refuse_unknown(query, ("status", "queue", "q", "sort", "limit", "cursor"))
    limit, cursor = read_limit(query), read_id_cursor(query)
    if "queue" in query:
        page = await _queue(request, limit, cursor)
    else:
        page = await _by_status(request, limit, cursor)
    answer = CommentList(
        items=[ModeratedComment.item(view) for view in await request.app[ITEMS].of(page.ids)],
        next_cursor=None if page.cursor is None else write_cursor(page.cursor),
    )
    return json_response(answer.model_dump_json().encode())


async def _queue(request: web.Request, limit: int, cursor: str | None) -> QueuePage:
    query, queues = request.query, request.app[QUEUE_INDEX]
    queue = _read_one(query, "queue", QUEUES)
    if "status" in query:
        raise field_problem("?status", "Send status or queue, not both.")
    sort = _read_sort(query, queue)
    text = _read_search(query)
    if not text:
        return await queues.page(queue, sort, cursor, limit)
    email = _read_email(text)
    if email is not None:
        return await queues.of_address(queue, sort, cursor, limit, email)
    return await queues.search(queue, sort, cursor, limit, fold(text).split())


async def _by_status(request: web.Request, limit: int, cursor: str | None) -> QueuePage:
    query = request.query
    if "q" in query:
        raise field_problem("?q", "q needs queue.")
    status: Status = _read_one(query, "status", STATUSES, "pending")
    sort = read_sort(query)
    if status == "pending":
        return await request.app[QUEUE_INDEX].page("pending", sort, cursor, limit)
    found = await request.app[STORE].comments.with_status(status, sort, cursor, limit + 1)
    ids = [comment.id for comment in found]
    return QueuePage(ids[:limit], ids[limit - 1] if len(ids) > limit else None)


def _read_sort(query: Mapping[str, str], queue: Queue) -> Sort:
    if "sort" not in query and queue not in _OLDEST_FIRST:
        return "newest"
    return read_sort(query)


def _read_one(query: Mapping[str, str], name: str, known: tuple[_Name, ...], default: str = "") -> _Name:
    text = query.get(name, default)
    for one in known:
        if one == text:
            return one
    raise field_problem(f"?{name}", f"{name} is one of {', '.join(known)}.")


def _read_search(query: Mapping[str, str]) -> str:
    """The tidied words; empty without any."""
    text = query.get("q", "")
    if len(text) > LONGEST_SEARCH:
        raise field_problem("?q", f"q has at most {LONGEST_SEARCH} characters.")
    try:
        return tidy(text, SEARCH_LINE)
    except TextRefused as error:
        raise field_problem("?q", str(error)) from error


def _read_email(text: str) -> str | None:
    if "@" not in text:
        return None
    try:
        return _email.validate_python(text)
    except ValidationError:
        return None


async def count_comments(request: web.Request) -> web.Response:
    """Count what waits for a decision."""
    await moderator(request)
    refuse_unknown(request.query, ())
    return json_response(QueueCountsAnswer.of(await request.app[QUEUE_INDEX].counts()).model_dump_json().encode())


ROUTES = [web.get("/v1/comments", list_comments), web.get("/v1/comments/counts", count_comments)]
