"""Forms of browsers without scripts: a problem becomes a page, with a link back. The rooms render the pages."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from shared.errors import Problem, Unavailable
from shared.http.requests import FORM_TYPE

Response = TypeVar("Response", bound=web.StreamResponse)


def wants_page(request: web.Request) -> bool:
    """Whether the client is a browser. Scripts that send forms get problem details."""
    return "text/html" in request.headers.get("Accept", "")


def is_sent_by_page(request: web.Request) -> bool:
    """Whether a browser sent a form, without a script."""
    return request.content_type == FORM_TYPE and wants_page(request)


async def answer_or_problem(
    request: web.Request, answer: Callable[[web.Request], Awaitable[Response]]
) -> Response | Problem:
    """The response of `answer`, or its problem as a value, for a page."""
    try:
        return await answer(request)
    except Unavailable:
        return Problem(503, "A part of the site does not answer; try again.", headers={"Retry-After": "2"})
    except Problem as problem:
        return problem


def back_path(request: web.Request) -> str:
    """The path of the page with the form; `/` when another site's page sent it."""
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    is_ours = parts.scheme in ("http", "https") and parts.netloc == request.host
    query = f"?{parts.query}" if parts.query else ""
    return f"/{parts.path.lstrip('/')}{query}" if is_ours else "/"
