"""Credentials of editors: a bearer token in the `Authorization` header (RFC 6750), or the cookie of the desk; and their 401.

A browser sends a cookie with every request, also with one that another site made. An unsafe method with a cookie is therefore
accepted only from the same origin. A header with a token needs no such rule: another site cannot make a browser send it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from shared.errors import Problem

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="editors"'}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True)
class Credential:
    """The secret that a request carries: an API token or a session token. `is_cookie`: it came in the cookie."""

    token: str
    is_cookie: bool


def read_credential(request: web.Request, site_url: str) -> Credential:
    """The token of the header, else of the session cookie; 401 without both, 403 for a write with a cookie from another origin."""
    cookie = request.cookies.get(session_cookie(site_url), "")
    if "Authorization" in request.headers or not cookie:
        return Credential(read_bearer_token(request), is_cookie=False)
    refuse_other_origins(request, site_url)
    return Credential(cookie, is_cookie=True)


def session_cookie(site_url: str) -> str:
    """The cookie's name. With TLS a browser takes it from this host alone, for all paths (prefix `__Host-`, RFC 6265bis)."""
    return "__Host-wm_session" if site_url.startswith("https://") else "wm_session"


def refuse_other_origins(request: web.Request, site_url: str) -> None:
    """403 for an unsafe method whose headers do not show that a page of this site, or the person, made the request."""
    if request.method not in _SAFE_METHODS and not is_same_origin(request.headers, site_url):
        raise Problem(403, "A write with a session cookie must come from a page of this site.")


def is_same_origin(headers: Mapping[str, str], site_url: str) -> bool:
    """Whether `Sec-Fetch-Site` says so; without it, whether `Origin` is the request's own host or the site's address."""
    fetch_site = headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    origin = headers.get("Origin", "").lower()
    # The edge may end TLS, so the scheme of the request's own origin is not known here.
    own = {f"{scheme}://{headers.get('Host', '').lower()}" for scheme in ("http", "https")}
    parts = urlsplit(site_url)
    return origin in own | {f"{parts.scheme}://{parts.netloc}".lower()}


def read_bearer_token(request: web.Request) -> str:
    """The request's token; 401 without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(401, "Send an editor's token: Authorization: Bearer TOKEN.", headers=_CHALLENGE)
    return token.strip()


def unknown_token() -> Problem:
    """401 for a token without an owner."""
    return Problem(401, "This token is not known.", headers=_CHALLENGE)


def ended_session() -> Problem:
    """401 for a session that ended or never was."""
    return Problem(401, "This session has ended. Sign in again.", headers=_CHALLENGE)


def hash_token(token: str) -> str:
    """SHA-256 in hex. A token is 256 random bits, so a plain hash is as good as a slow one."""
    # Headers may hold bytes that are not UTF-8.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
