"""The moderators' queues of comments."""

from aiohttp import web

from services.desk.comments.calls import read, send
from services.desk.comments.items import comment_of
from services.desk.comments.moderators import moderators_only
from services.desk.comments.queue_query import PATH, QUEUES, read_queue
from services.desk.forms import read_form
from services.desk.visit import items_of, page, see_other
from shared.errors import Problem

_LIMIT = "25"
_ACTIONS = frozenset({"approve", "reject", "remove"})


@moderators_only
async def show_queue(request: web.Request) -> web.Response:
    """One page of a queue."""
    query = read_queue(request.query)
    found = await read(request, status=QUEUES[query.queue], limit=_LIMIT, cursor=query.cursor)
    return page(
        request, "comments/queue.html", query=query, queues=list(QUEUES),
        comments=[comment_of(item) for item in items_of(found)], next_cursor=found.get("next_cursor"),
    )  # fmt: skip


@moderators_only
async def decide(request: web.Request) -> web.Response:
    """Carry out the button that was pressed."""
    values = await read_form(request)
    action = values.get("action", "")
    if action not in _ACTIONS:
        raise Problem(400, "There is no such action.")
    await send(request, "POST", f"/{request.match_info['id']}/{action}", version=values.get("version", ""))
    return see_other(read_queue(values).to_queue(read_queue(values).queue))


ROUTES = [
    web.get(PATH, show_queue),
    web.post(PATH + "/{id:[A-Za-z0-9_-]{1,64}}", decide),
]
