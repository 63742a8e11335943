"""Checks that the sender of a request is an admin or may moderate."""

from aiohttp import web

from services.comments.access.keys import TOKEN_CHECKER
from services.comments.model.rules import MODERATORS
from shared.errors import Problem
from shared.http.token_checker import TokenOwner


async def admin(request: web.Request) -> TokenOwner:
    """The owner of the request's credential, as `TokenChecker.owner`; 403 for anyone but an admin."""
    owner = await request.app[TOKEN_CHECKER].owner(request)
    if owner.role != "admin":
        raise Problem(403, "Admins alone have access to a person's data.")
    return owner


async def moderator(request: web.Request) -> TokenOwner:
    """The owner of the request's credential, as `TokenChecker.owner`; 403 when that role does not moderate."""
    owner = await request.app[TOKEN_CHECKER].owner(request)
    if owner.role not in MODERATORS:
        raise Problem(403, f"A {owner.role} does not moderate comments.")
    return owner


async def is_moderator(request: web.Request) -> bool:
    """Whether a moderator sent the request, for routes that readers use too. 401 for a wrong token in the header."""
    checker = request.app[TOKEN_CHECKER]
    if not checker.has_credential(request):
        return False
    try:
        return (await checker.owner(request)).role in MODERATORS
    except Problem:
        if "Authorization" in request.headers:
            raise
        return False  # the session at the desk has ended: treat the person as a reader
