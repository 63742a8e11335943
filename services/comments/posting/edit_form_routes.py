"""HTTP in: the page on which a writer changes or deletes a comment without JavaScript, by the right of the writer's cookie."""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from services.comments.access.keys import RATE_LIMITER, WRITER_COOKIE
from services.comments.access.other_sites import refuse_other_sites
from services.comments.access.writer_cookie import browser_of
from services.comments.plain_forms import answer_or_problem, wants_page
from services.comments.posting.contract import EditedText
from services.comments.posting.edit_page import EditView
from services.comments.posting.editing import Own, is_in_time
from services.comments.posting.keys import EDIT_PAGES, EDITING, LAST_COMMENT
from services.comments.posting.post_routes import read_sender
from shared.errors import Problem
from shared.http.requests import FORM_TYPE, parse_form, read_body, refuse_unknown, validate

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _with_pages(handler: Handler) -> Handler:
    """The handler with pages instead of problem details, for browsers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not wants_page(request):
            return await handler(request)
        response = await answer_or_problem(request, handler)
        return request.app[EDIT_PAGES].refuse(response) if isinstance(response, Problem) else response

    answer.__name__ = handler.__name__
    return answer


async def show_edit_page(request: web.Request) -> web.StreamResponse:
    """Show a comment to the browser that sent it, with a form while it can be changed."""
    refuse_unknown(request.query, ("received",))
    own = await _own_by_cookie(request)
    return request.app[EDIT_PAGES].render(_view(own, received=request.query.get("received") == "1"))


async def show_last(request: web.Request) -> web.StreamResponse:
    """Redirect to the edit page of the comment that this browser sent last."""
    comment_id = request.app[LAST_COMMENT].find(request)
    if comment_id is None:
        raise Problem(404, "There is no such comment.")
    return _see_other(f"/v1/comments/{comment_id}/edit")


async def take_edit_form(request: web.Request) -> web.StreamResponse:
    """Change or delete the comment. A wrong text shows the page again with its error."""
    await request.app[RATE_LIMITER].admit(request)
    refuse_other_sites(request)
    fields = parse_form(await read_body(request, types=(FORM_TYPE,)))
    own = await _own_by_cookie(request)
    if not is_in_time(own):
        raise Problem(403, "The time to change this comment is over.")
    if fields.get("delete") == "1":
        await request.app[EDITING].delete(own)
        return _see_other(f"{own.article.url}#comments")
    return await _edit(request, own, fields)


async def _edit(request: web.Request, own: Own, fields: dict[str, str]) -> web.StreamResponse:
    try:
        text = validate(EditedText, fields)
    except Problem as problem:
        if not wants_page(request):
            raise
        detail = problem.errors[0].detail if problem.errors else problem.detail
        view = _view(own, body=fields.get("body", ""), error=detail)
        return request.app[EDIT_PAGES].render(view, status=problem.status)
    changed = await request.app[EDITING].edit(own, text.body, await read_sender(request))
    if changed.comment.status == "published":
        return _see_other(f"{own.article.url}?comment={own.comment.id}")
    return _see_other(f"/v1/comments/{own.comment.id}/edit")


async def _own_by_cookie(request: web.Request) -> Own:
    """The comment of the path; 403 in another browser than its writer's, 404 for an unknown comment."""
    own = await request.app[EDITING].find(request.match_info["id"])
    token = request.app[WRITER_COOKIE].find(request)
    if token is None or not hmac.compare_digest(own.contact.browser, browser_of(token)):
        raise Problem(403, "This comment can be changed only in the browser that sent it.")
    return own


def _view(own: Own, *, body: str | None = None, error: str = "", received: bool = False) -> EditView:
    answer = own.answer()
    return EditView(
        comment_id=own.comment.id,
        status=own.comment.status,
        body=own.comment.body if body is None else body,
        message=answer.message,
        language=own.article.language,
        article_url=own.article.url,
        until=answer.edit_until,
        error=error,
        received=received,
        can_edit=is_in_time(own) and own.comment.status != "removed",
    )


def _see_other(location: str) -> web.Response:
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


_EDIT = "/v1/comments/{id:[A-Za-z0-9_-]{1,64}}/edit"
ROUTES = [
    web.get("/v1/comments/last/edit", _with_pages(show_last)),
    web.get(_EDIT, _with_pages(show_edit_page)),
    web.post(_EDIT, _with_pages(take_edit_form)),
]
