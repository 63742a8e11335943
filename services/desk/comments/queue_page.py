"""The moderators' queues of comments, as pages and as parts of pages for scripts."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

import structlog
from aiohttp import web

from services.desk.api import Json
from services.desk.comments.calls import read
from services.desk.comments.decisions import DecisionResult, as_json, decide, is_id, result_of_address, undo
from services.desk.comments.items import comment_of, number_of, text_of
from services.desk.comments.moderators import moderators_only
from services.desk.comments.queue_query import PATH, QUEUES, QueueQuery, read_queue
from services.desk.forms import Form, read_form
from services.desk.visit import items_of, page, see_other, wants_json
from shared.errors import Problem, Unavailable
from shared.http.problems import json_response

_log = structlog.get_logger(__name__)

_LIMIT = "25"
# A form has up to 100 comments.
_MOST_FIELDS = 120
_MOST_NEW = 100
# The counts are a courtesy: a page does not wait longer for them.
_COURTESY_S = 1.5


@moderators_only
async def show_queue(request: web.Request) -> web.Response:
    """One page of a queue. `done` and similar parameters in the address report the decision before."""
    return await _show(request, read_queue(request.query), result=result_of_address(request.query))


@moderators_only
async def decide_by_form(request: web.Request) -> web.Response:
    """Carry out a decision about one comment or the selected ones. A conflict is shown, and nothing of it decided."""
    values = await read_form(request, most_fields=_MOST_FIELDS)
    try:
        result = await decide(request, values)
    except Problem as problem:
        if wants_json(request) or problem.status != 422:
            raise
        return await _show(request, read_queue(values), problem=problem)
    return await _answer(request, values, result)


@moderators_only
async def undo_by_form(request: web.Request) -> web.Response:
    """Take a decision back."""
    values = await read_form(request)
    return await _answer(request, values, await undo(request, values))


@moderators_only
async def show_row(request: web.Request) -> web.Response:
    """One comment as a row of the queue, for a script that shows its present state."""
    found = await read(request, f"/{request.match_info['id']}")
    return page(
        request, "comments/rows.html", query=read_queue(request.query), comments=[comment_of(found)], form=Form()
    )


@moderators_only
async def show_news(request: web.Request) -> web.Response:
    """Show the counts of the queues and, for a script, the number of comments that came after the comment `since`."""
    query, since = read_queue(request.query), request.query.get("since", "")
    counts = await read(request, "/counts")
    newest = _newest(counts, query.queue)
    has_news = bool(newest) and newest != request.query.get("known", since)
    found = await _newer(request, query, since) if has_news else None
    return json_response(
        {
            "counts": {name: number_of(counts, name) for name in QUEUES if name in counts},
            "newest": newest,
            "ids": None if found is None else [text_of(item, "id") for item in found],
        }
    )


@moderators_only
async def show_new_rows(request: web.Request) -> web.Response:
    """The comments that came after `since` as rows, in the order of the queue."""
    query = read_queue(request.query)
    comments = [comment_of(item) for item in await _newer(request, query, request.query.get("since", ""))]
    if query.order == "oldest":
        comments.reverse()
    return page(request, "comments/rows.html", query=query, comments=comments, form=Form())


async def _newer(request: web.Request, query: QueueQuery, since: str) -> list[dict[str, object]]:
    """The comments of a queue with a later id than `since`, newest first: identifiers grow with time."""
    wanted = {**query.filters, "sort": "newest", "limit": str(_MOST_NEW)}
    return [item for item in items_of(await read(request, **wanted)) if text_of(item, "id") > since]


async def _show(
    request: web.Request, query: QueueQuery, *, result: DecisionResult | None = None, problem: Problem | None = None
) -> web.Response:
    found, counts = await asyncio.gather(
        read(request, limit=_LIMIT, cursor=query.cursor, **query.filters), _counts(request)
    )
    has_conflict = result is not None and bool(result.conflicts)
    return page(
        request, "comments/queue.html", status=409 if has_conflict else problem.status if problem else 200,
        query=query, queues=QUEUES, counts=counts, newest=_newest(counts, query.queue), result=result,
        comments=[comment_of(item) for item in items_of(found)], next_cursor=found.get("next_cursor"),
        form=Form(detail=problem.detail if problem else ""),
    )  # fmt: skip


async def _answer(request: web.Request, values: Mapping[str, str], result: DecisionResult) -> web.Response:
    if wants_json(request):
        return json_response(dict(as_json(result)))
    query = read_queue(values)
    if result.conflicts:
        return await _show(request, query, result=result)
    done = {"done": result.id, "action": result.action, "changed": str(result.changed)}
    # The form stood on a comment's own page.
    if is_id(comment := values.get("back", "")):
        return see_other(f"{PATH}/{comment}?{urlencode(done)}")
    return see_other(query.here(**done))


async def _counts(request: web.Request) -> Json:
    try:
        async with asyncio.timeout(_COURTESY_S):
            return await read(request, "/counts")
    except (Problem, Unavailable, TimeoutError) as error:
        _log.warning("page.without_part", reason=repr(error))
        return {}


def _newest(counts: Json, queue: str) -> str:
    newest = counts.get("newest")
    return text_of(newest, queue) if isinstance(newest, dict) else ""


ROUTES = [
    web.get(PATH, show_queue),
    web.post(f"{PATH}/decide", decide_by_form),
    web.post(f"{PATH}/undo", undo_by_form),
    web.get(f"{PATH}/news", show_news),
    web.get(f"{PATH}/new-rows", show_new_rows),
    web.get(PATH + "/{id:[A-Za-z0-9_-]{1,64}}/row", show_row),
]
