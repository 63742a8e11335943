"""Bearer tokens of editors in the `Authorization` header (RFC 6750), and their 401."""

import hashlib

from aiohttp import web

from shared.errors import Problem

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="editors"'}


def read_bearer_token(request: web.Request) -> str:
    """The request's token; 401 without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(401, "Send an editor's token: Authorization: Bearer TOKEN.", headers=_CHALLENGE)
    return token.strip()


def unknown_token() -> Problem:
    """401 for a token without an owner."""
    return Problem(401, "This token is not known.", headers=_CHALLENGE)


def hash_token(token: str) -> str:
    """SHA-256 in hex. A token is 256 random bits, so a plain hash is as good as a slow one."""
    # Headers may hold bytes that are not UTF-8.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
