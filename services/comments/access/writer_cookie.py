"""The writer's cookie: a secret in a reader's browser, by which the service recognises the writer of an approved comment.

Anyone can type an e-mail address, so an address alone proves nothing. The secret is random and MongoDB has only its hash, as with
session tokens: no key of the service could leak or be lost.
"""

import hashlib
import re
import secrets

from aiohttp import web

# Browsers keep a cookie for 400 days at most (RFC 6265bis); each comment renews it.
_KEPT_S = 180 * 86_400
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# Sent with pages, the cookie would keep them out of every cache; sent with `POST /v1/views`, it would show what a writer reads. It
# has two paths: that of new comments, and that of the edit page.
_PATHS = ("/v1/articles", "/v1/comments")
_LAST_NAME, _LAST_PATH = "wm_last_comment", "/v1/comments/last"


class WriterCookie:
    """Reads and sets the cookie. With TLS its name has the prefix `__Secure-`, and it travels over TLS alone."""

    def __init__(self, site_url: str) -> None:
        self._secure = site_url.startswith("https://")
        self._name = "__Secure-wm_writer" if self._secure else "wm_writer"

    def find(self, request: web.Request) -> str | None:
        """The browser's token; None without one, or when it is malformed."""
        token = request.cookies.get(self._name, "")
        return token if _TOKEN.fullmatch(token) else None

    def put(self, response: web.Response, token: str) -> None:
        """Keep the token in the browser. No script and no form of another site can use it."""
        for path in _PATHS:
            # A response's own cookies have one path for each name.
            holder = web.Response()
            holder.set_cookie(
                self._name, token, max_age=_KEPT_S, path=path, httponly=True, samesite="Lax", secure=self._secure
            )
            response.headers.add("Set-Cookie", holder.cookies[self._name].OutputString())


class LastCommentCookie:
    """Names the comment that a browser without JavaScript sent last, for a link to its edit page."""

    def __init__(self, site_url: str) -> None:
        self._secure = site_url.startswith("https://")

    def find(self, request: web.Request) -> str | None:
        """The comment's id."""
        comment_id = request.cookies.get(_LAST_NAME, "")
        return comment_id if _ID.fullmatch(comment_id) else None

    def put(self, response: web.Response, comment_id: str, kept_s: int) -> None:
        """Keep the id as long as the comment can be changed."""
        response.set_cookie(
            _LAST_NAME, comment_id, max_age=kept_s, path=_LAST_PATH, httponly=True, samesite="Lax", secure=self._secure
        )


def new_writer_token() -> str:
    """A token for a browser without one."""
    return secrets.token_urlsafe(32)


def writer_of(token: str, email: str) -> str:
    """The stored name of a writer: a hash of token and address. It does not show that two addresses belong to one person."""
    return hashlib.sha256(f"{token}\0{email}".encode()).hexdigest()


def browser_of(token: str) -> str:
    """The stored name of a browser: 32 hexadecimal digits, a hash of its token."""
    return hashlib.sha256(f"browser\0{token}".encode()).hexdigest()[:32]
