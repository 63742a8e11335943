"""The picture of the library that an article's form names, for pages that show it."""

import asyncio

import structlog
from aiohttp import web

from services.desk.media.calls import read_picture
from services.desk.media.pictures import LibraryPicture
from shared.errors import Problem, Unavailable

_log = structlog.get_logger(__name__)
# The editor opens without the picture: it does not wait longer.
_COURTESY_S = 1.5


async def picture_or_none(request: web.Request, picture_id: str) -> LibraryPicture | None:
    """The picture; None without an id, for an unknown one, and when media does not answer in time."""
    if not picture_id:
        return None
    try:
        async with asyncio.timeout(_COURTESY_S):
            return await read_picture(request, picture_id)
    except (Problem, Unavailable, TimeoutError) as error:
        _log.warning("page.without_picture", reason=repr(error))
        return None
