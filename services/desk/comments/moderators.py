"""Pages for moderators alone. The comments service refuses other roles as well."""

from collections.abc import Awaitable, Callable
from functools import wraps

from aiohttp import web

from services.desk.visit import VISIT, words_of
from shared.errors import Problem

_Handler = Callable[[web.Request], Awaitable[web.Response]]


def moderators_only(handler: _Handler) -> _Handler:
    """403 for roles that do not moderate."""

    @wraps(handler)
    async def handle(request: web.Request) -> web.Response:
        if not request[VISIT].person.moderates:
            raise Problem(403, words_of(request).text("comments.moderators_only"))
        return await handler(request)

    return handle
