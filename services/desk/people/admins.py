"""Pages for admins alone. Ingestion refuses the calls of others as well."""

from collections.abc import Awaitable, Callable
from functools import wraps

from aiohttp import web

from services.desk.visit import VISIT, words_of
from shared.errors import Problem

_Handler = Callable[[web.Request], Awaitable[web.Response]]


def admins_only(handler: _Handler) -> _Handler:
    """403 for everybody but admins."""

    @wraps(handler)
    async def handle(request: web.Request) -> web.Response:
        if not request[VISIT].person.administers:
            raise Problem(403, words_of(request).text("problem.admins_only"))
        return await handler(request)

    return handle
