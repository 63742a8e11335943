"""Pictures of the library that an article names, for pages that can do without them."""

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from aiohttp import web

from services.desk.media.calls import read_picture
from services.desk.media.pictures import LibraryPicture
from shared.errors import Problem, Unavailable

_log = structlog.get_logger(__name__)
# A page does not wait longer.
_COURTESY_S = 1.5
_MOST = 20


async def picture_or_none(request: web.Request, picture_id: str) -> LibraryPicture | None:
    """The picture; None without an id, for an unknown one, and when media does not answer in time."""
    return (await look_up(request, [picture_id] if picture_id else [])).get(picture_id)


async def look_up(request: web.Request, picture_ids: Iterable[str]) -> Mapping[str, LibraryPicture | None]:
    """The first 20 pictures by id: None for one that the library does not have. One that cannot be asked is left out."""
    ids = [*dict.fromkeys(picture_ids)][:_MOST]
    found = await asyncio.gather(*(_ask(request, picture_id) for picture_id in ids))
    return {picture_id: picture for picture_id, (is_known, picture) in zip(ids, found, strict=True) if is_known}


async def _ask(request: web.Request, picture_id: str) -> tuple[bool, LibraryPicture | None]:
    try:
        async with asyncio.timeout(_COURTESY_S):
            return True, await read_picture(request, picture_id)
    except Problem as problem:
        if problem.status == 404:
            return True, None
        reason = repr(problem)
    except (Unavailable, TimeoutError) as error:
        reason = repr(error)
    _log.warning("page.without_picture", reason=reason)
    return False, None
