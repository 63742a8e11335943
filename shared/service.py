"""The frame that every service stands in: health by progress, metrics, logs, problem details, limits, an orderly stop."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import perf_counter
from typing import TypeVar

import orjson
import structlog
import uvloop
from aiohttp import http_parser, web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_runner import GracefulExit
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared import metrics
from shared.errors import FieldError, Problem, SettingsError, Unavailable
from shared.garbled import Refuse, answer_garbled
from shared.ids import new_id
from shared.process import end_for_settings, set_up_logs
from shared.settings import Settings
from shared.tracing import continue_trace

_log = structlog.get_logger(__name__)

LARGEST_BODY_BYTES = 1_048_576
HANDLER_TIMEOUT_S = 15.0
KEEPALIVE_S = 75.0
STOP_WITHIN_S = 5.0
# Container objects made and not freed before the collector looks.
_COLLECT_AFTER = 20_000
PROBLEM_TYPE = "application/problem+json"
_GARBLED = "The request cannot be read: its method, its address or one of its headers is not written as HTTP asks."
SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

S = TypeVar("S", bound=Settings)
Check = Callable[[], Awaitable[Mapping[str, object]]]


class Health:
    """What readiness depends on. A check returns facts to show, and raises Unavailable (saying why) when it fails."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.is_stopping = False

    def add(self, name: str, check: Check) -> None:
        """Add a dependency or a duty by name."""
        self._checks[name] = check

    async def report(self) -> tuple[bool, dict[str, object]]:
        """Whether all is well, and every check's facts; each check has a second."""
        checks: dict[str, object] = {}
        ready = not self.is_stopping
        facts: dict[str, object] = {}
        for name, check in self._checks.items():
            try:
                async with asyncio.timeout(1.0):
                    found = await check()
                checks[name] = {"ok": True, **found}
                facts.update(found)
            except (Unavailable, TimeoutError) as error:
                ready = False
                checks[name] = {"ok": False, "reason": str(error) or "no answer within 1 s"}
        return ready, {"status": _status(ready, self.is_stopping), **facts, "checks": checks}


def _status(ready: bool, is_stopping: bool) -> str:
    return "stopping" if is_stopping else "ready" if ready else "not ready"


HEALTH = web.AppKey("health", Health)
SETTINGS = web.AppKey("settings", Settings)


def create_service(
    settings: Settings,
    routes: Sequence[web.AbstractRouteDef],
    *,
    middlewares: Sequence[Middleware] | None = None,
    largest_body_bytes: int = LARGEST_BODY_BYTES,
    refuse: Refuse | None = None,
) -> web.Application:
    """An application with the frame around `routes`. `middlewares` replaces the frame's own where speed asks for it.

    `refuse` makes the answer to what cannot be read as a request, where that is no problem details.
    """
    # aiohttp's parser in pure Python has had the request-smuggling holes: refuse to run on it.
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise SettingsError("aiohttp runs without its C parser; install a wheel with extensions")
    frame = (observe, answer_problems) if middlewares is None else middlewares
    app = web.Application(middlewares=frame, client_max_size=largest_body_bytes)
    answer_garbled(app, refuse or _refuse)
    app[HEALTH] = Health()
    app[SETTINGS] = settings
    app.add_routes(routes)
    app.add_routes(FRAME_ROUTES)
    return app


def answer_first(
    app: web.Application,
    answer: Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse | None] | None],
) -> None:
    """Let `answer` see each request before the router does; what it leaves (None) goes the usual way.

    For a service that has its answers ready: the router and what follows it cost as much as the rest of such an answer.
    """
    route: Callable[[web.Request], Awaitable[web.StreamResponse]] = app._handle

    async def handle(request: web.Request) -> web.StreamResponse:
        ready = answer(request)
        if ready is not None and not isinstance(ready, web.StreamResponse):
            ready = await ready
        return await route(request) if ready is None else ready

    # aiohttp's server takes its handler from here; `Application` would warn of any attribute that it does not know.
    object.__setattr__(app, "_handle", handle)


def run_service(name: str, settings_type: type[S], create_app: Callable[[S], web.Application]) -> None:
    """Run until SIGTERM or SIGINT: stop taking requests, finish those under way, clean up, within STOP_WITHIN_S each.

    With WM_DRAIN_S, SIGTERM first makes the service not ready, and it serves on for so long: who balances over it by
    its readiness has then stopped sending when it stops taking.
    """
    try:
        settings = settings_type.load()
        set_up_logs(name, settings.instance, settings.log_level)
        app = create_app(settings)
    except SettingsError as error:
        end_for_settings(name, error)
    if settings.drain_s:
        app.on_startup.append(_drain_at_sigterm)
    spare_the_collector()
    web.run_app(
        app,
        host=settings.host,
        port=settings.service_port,
        access_log=None,
        print=lambda *_: _log.info("service.listens", host=settings.host, port=settings.service_port),
        keepalive_timeout=KEEPALIVE_S,
        shutdown_timeout=STOP_WITHIN_S,
        handler_cancellation=False,
        reuse_address=True,
        loop=uvloop.new_event_loop(),
    )


def spare_the_collector() -> None:
    """What is imported by now stays for good: the garbage collector need not look at it again and again.

    Requests make few cycles; with Python's own threshold of 700 the collector took a tenth of a quick answer's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


async def _drain_at_sigterm(app: web.Application) -> None:
    loop = asyncio.get_running_loop()

    def begin() -> None:
        if not app[HEALTH].is_stopping:
            app[HEALTH].is_stopping = True
            _log.info("service.drains", seconds=app[SETTINGS].drain_s)
            loop.call_later(app[SETTINGS].drain_s, _stop_now)

    # aiohttp has set its own handler by now; this one comes in its place and ends in the same way.
    loop.add_signal_handler(signal.SIGTERM, begin)


def _stop_now() -> None:
    raise GracefulExit


def problem_response(problem: Problem, request_id: str = "") -> web.Response:
    """An answer in problem details."""
    headers = {**SECURITY_HEADERS, **problem.headers, "Cache-Control": "no-store"}
    if request_id:
        headers["X-Request-Id"] = request_id
    return web.Response(
        status=problem.status, body=orjson.dumps(problem.as_dict()), content_type=PROBLEM_TYPE, headers=headers
    )


def json_response(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer in JSON; never stored by caches unless `headers` says otherwise."""
    return web.Response(
        status=status,
        body=data if isinstance(data, bytes) else orjson.dumps(data),
        content_type="application/json",
        charset="utf-8",
        headers={"Cache-Control": "no-store", **SECURITY_HEADERS, **(headers or {})},
    )


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Continue the caller's trace, count and time the request, and give it an id."""
    started = perf_counter()
    continue_trace(request.headers.get("traceparent"))
    request_id = request.headers.get("X-Request-Id", "")[:64] or new_id()
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Request-Id", request_id)
    route = request.match_info.route.resource
    label = route.canonical if route is not None else "unmatched"
    metrics.REQUESTS.labels(request.method, label, response.status).inc()
    metrics.REQUEST_SECONDS.labels(request.method, label).observe(perf_counter() - started)
    return response


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into problem details: the one place where an exception becomes an HTTP answer."""
    try:
        async with asyncio.timeout(HANDLER_TIMEOUT_S):
            return await handler(request)
    except Problem as problem:
        return problem_response(problem)
    except (Unavailable, TimeoutError) as error:
        _log.warning("request.unavailable", method=request.method, path=request.path, reason=str(error))
        return problem_response(
            Problem(503, "A part of the service does not answer; try again.", headers={"Retry-After": "2"})
        )
    except web.HTTPException as error:
        return _http_problem(error)
    except Exception:
        _log.exception("request.failed", method=request.method, path=request.path)
        return problem_response(Problem(500, "The service failed; the failure is logged."))


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


def _refuse(status: int) -> web.Response:
    return problem_response(Problem(status, _GARBLED if status < 500 else "The service failed; the failure is logged."))


def field_problem(pointer: str, detail: str, *, status: int = 422) -> Problem:
    """A problem with one field at fault."""
    return Problem(status, detail, errors=(FieldError(pointer, detail),))


async def show_live(_: web.Request) -> web.Response:
    """Answer as long as the event loop turns."""
    return json_response({"status": "live"})


async def show_ready(request: web.Request) -> web.Response:
    """Whether the service does its work now, with what each check found."""
    ready, report = await request.app[HEALTH].report()
    return json_response(report, status=200 if ready else 503)


async def show_metrics(_: web.Request) -> web.Response:
    """Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


FRAME_ROUTES = [
    web.get("/health/live", show_live),
    web.get("/health/ready", show_ready),
    web.get("/metrics", show_metrics),
]
