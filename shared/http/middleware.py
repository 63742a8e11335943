"""Middlewares of every service: trace, request metrics, errors as problem details."""

import asyncio
from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from shared.errors import Problem, Unavailable
from shared.http.problems import problem_response
from shared.http.refusals import REASON, REFUSED, note_answer
from shared.ids import new_id
from shared.process import metrics
from shared.process.tracing import continue_trace

_log = structlog.get_logger(__name__)

HANDLER_TIMEOUT_S = 15.0
_DEADLINE = web.RequestKey("deadline", asyncio.Timeout)


def extend_deadline(request: web.Request, seconds: float) -> None:
    """Give a handler this time from now on instead of HANDLER_TIMEOUT_S: for streams of clients that may be slow."""
    deadline = request.get(_DEADLINE)
    if deadline is not None:
        deadline.reschedule(asyncio.get_running_loop().time() + seconds)


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Continue the caller's trace, measure the request and give it an id; log a refusal as a security event."""
    started = perf_counter()
    continue_trace(request.headers.get("traceparent"))
    request_id = request.headers.get("X-Request-Id", "")[:64] or new_id()
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Request-Id", request_id)
    route = request.match_info.route.resource
    label = route.canonical if route is not None else "unmatched"
    if response.status in REFUSED:
        note_answer(request, response.status, label, request_id)
    metrics.REQUESTS.labels(request.method, label, response.status).inc()
    metrics.REQUEST_SECONDS.labels(request.method, label).observe(perf_counter() - started)
    return response


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn exceptions into problem details. No other code turns an exception into an HTTP answer."""
    try:
        async with asyncio.timeout(HANDLER_TIMEOUT_S) as deadline:
            request[_DEADLINE] = deadline
            return await handler(request)
    except Problem as problem:
        request[REASON] = problem.detail
        return problem_response(problem)
    except (Unavailable, TimeoutError) as error:
        _log.warning("request.unavailable", method=request.method, path=_path(request), reason=str(error))
        return problem_response(
            Problem(503, "A part of the service does not answer; try again.", headers={"Retry-After": "2"})
        )
    except web.HTTPException as error:
        return _http_problem(error)
    except Exception:
        _log.exception("request.failed", method=request.method, path=_path(request))
        return problem_response(Problem(500, "The service failed; the failure is logged."))


def _path(request: web.Request) -> str:
    """The path for the log. A token in it (of an invitation, of a preview) is a secret."""
    token = request.match_info.get("token")
    return request.path.replace(token, "{token}") if token else request.path


def _http_problem(error: web.HTTPException) -> web.Response:
    if error.status < 400:
        raise error
    headers = {name: error.headers[name] for name in ("Allow", "Location", "Retry-After") if name in error.headers}
    details = {
        404: "There is nothing at this address.",
        405: "This method is not allowed here.",
        413: "The body is too large.",
    }
    return problem_response(Problem(error.status, details.get(error.status, error.reason), headers=headers))
