"""Turns failures into pages. A form that could not be saved comes back whole: nothing that was typed is lost."""

from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from services.desk.api import ServiceRefusal, SignedOut
from services.desk.forms import read_form
from services.desk.visit import SIGN_IN, page, see_other, wants_json, words_of
from shared.errors import Problem, Unavailable
from shared.http.problems import problem_response
from shared.http.refusals import REASON
from shared.http.requests import FORM_TYPE

_log = structlog.get_logger(__name__)

# Forms below this path hold text. Others are sent again in a moment.
_TEXTS = "/desk/articles/"
_SECRETS = frozenset({"password"})


@web.middleware
async def answer_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn problems into pages; scripts get problem details."""
    try:
        return await handler(request)
    except SignedOut as problem:
        if wants_json(request):
            return problem_response(problem)
        if _holds_text(request):
            return await _kept(request, 401, "kept.signed_out")
        return see_other(f"{SIGN_IN}?next={quote(request.path_qs if request.method == 'GET' else '/desk', safe='')}")
    except Problem as problem:
        return _problem_page(request, problem)
    except (Unavailable, TimeoutError) as error:
        _log.warning("page.unavailable", path=request.path, reason=str(error))
        if _holds_text(request) and not wants_json(request):
            return await _kept(request, 503, "problem.unavailable")
        return _problem_page(request, Problem(503, words_of(request).text("problem.unavailable")))
    except web.HTTPNotFound:
        return _problem_page(request, Problem(404, words_of(request).text("problem.nothing_here")))


def _holds_text(request: web.Request) -> bool:
    return request.method == "POST" and request.path.startswith(_TEXTS) and request.content_type == FORM_TYPE


async def _kept(request: web.Request, status: int, key: str) -> web.Response:
    """The form again, hidden, with a button that sends it once more. Its key makes a second arrival harmless."""
    values = {name: text for name, text in (await read_form(request, most_fields=1000)).items() if name not in _SECRETS}
    return page(request, "kept.html", status=status, detail=words_of(request).text(key), values=values,
                is_signed_out=status == 401, sign_in=SIGN_IN)  # fmt: skip


def _problem_page(request: web.Request, problem: Problem) -> web.StreamResponse:
    request[REASON] = problem.detail
    if wants_json(request):
        return problem_response(problem)
    is_english = isinstance(problem, ServiceRefusal)
    answer = page(request, "problem.html", status=problem.status, problem=problem, is_english=is_english)
    answer.headers.update(problem.headers)
    return answer
