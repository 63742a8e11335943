"""What a reader without JavaScript sees when a form was not taken: what is wrong, and the form with what was typed."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from markupsafe import Markup, escape

from shared.errors import FieldError, Problem, Unavailable
from shared.requests import FORM_TYPE
from shared.service import SECURITY_HEADERS

_HEADERS = {
    **SECURITY_HEADERS,
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
_PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title} · {site}</title>
</head>
<body>
<main>
<p>{site}</p>
<h1>{title}</h1>
<p>{detail}</p>
{faults}
{form}
<p><a href="{back}">Back</a></p>
</main>
</body>
</html>
""")
_FORM = Markup("""<form method="post" action="{action}">
<input type="hidden" name="parent_id" value="{parent_id}">
<p><label>Comment<br><textarea name="body" rows="8" cols="60" required>
{body}</textarea></label></p>
<p><label>Name<br><input name="name" autocomplete="name" value="{name}" required></label></p>
<p><label>E-mail<br><input type="email" name="email" autocomplete="email" value="{email}" required></label></p>
<p><label>Website<br><input type="url" name="website" autocomplete="url" value="{website}"></label></p>
<p><button type="submit">Post comment</button></p>
</form>""")
_LABELS = {
    "body": "Comment",
    "name": "Name",
    "email": "E-mail",
    "website": "Website",
    "parent_id": "The comment replied to",
}
# Sending the same again may help: the form is offered. A withdrawn or closed article takes no comment, however often.
_WORTH_ANOTHER_TRY = (400, 422, 429, 503)


def wants_page(request: web.Request) -> bool:
    """Whether a person's browser asks: scripts that send forms get problem details like everyone else."""
    return "text/html" in request.headers.get("Accept", "")


async def answer_or_problem(
    request: web.Request, answer: Callable[[web.Request], Awaitable[web.Response]]
) -> web.Response | Problem:
    """What `answer` says; the problem that it raises only where a person sent the page's form, who is to be shown a page."""
    if request.content_type != FORM_TYPE or not wants_page(request):
        return await answer(request)
    try:
        return await answer(request)
    except Unavailable:
        return Problem(503, "A part of the site does not answer; try again.", headers={"Retry-After": "2"})
    except Problem as problem:
        return problem


def problem_page(
    problem: Problem,
    request: web.Request,
    site: str,
    typed: Mapping[str, str] | None,
    title: str = "Your comment was not sent",
) -> web.Response:
    """The problem in words, and a comment's form again with what was `typed`, where another try can help.

    Without `typed` the way back is enough: browsers keep what stands in the form there.
    """
    again = problem.status in _WORTH_ANOTHER_TRY
    html = _PAGE.format(
        site=site,
        title=title,
        detail=problem.detail,
        faults=_faults(problem.errors),
        form=_form(request.path, typed) if again and typed is not None else "",
        back=request.headers.get("Referer") if _is_http(request.headers.get("Referer", "")) else "/",
    )
    headers = {**_HEADERS, **problem.headers}
    return web.Response(status=problem.status, text=str(html), content_type="text/html", headers=headers)


def _is_http(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _faults(errors: tuple[FieldError, ...]) -> Markup:
    lines = [Markup("<li><strong>{}</strong>: {}</li>").format(_label(error.pointer), error.detail) for error in errors]
    return Markup("<ul>{}</ul>").format(Markup("").join(lines)) if lines else Markup()


def _label(pointer: str) -> str:
    name = pointer.lstrip("/?")
    return _LABELS.get(name, name)


def _form(action: str, typed: Mapping[str, str]) -> Markup:
    return _FORM.format(action=action, **{name: escape(typed.get(name, "")) for name in _LABELS})
