"""Editors' access to pictures."""

from aiohttp import web

from services.media.api.keys import TOKEN_CHECKER
from services.media.api.rules import Right, may
from services.media.records import Uploader
from shared.errors import Problem


async def authorize(request: web.Request, right: Right) -> Uploader:
    """The owner of the request's credential. 401 without one, 403 when the role lacks the right."""
    owner = await request.app[TOKEN_CHECKER].owner(request)
    if not may(owner.role, right):
        raise Problem(403, f"A {owner.role} may not {right} pictures.")
    return Uploader(owner.id, owner.name)
