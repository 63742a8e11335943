"""The frame that every service stands in: health by progress, metrics, logs, problem details, limits, an orderly stop."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog
import uvloop
from aiohttp import http_parser, web
from aiohttp.typedefs import Middleware
from aiohttp.web_runner import GracefulExit

from shared.errors import Problem, SettingsError
from shared.http.bad_requests import Refuse, answer_garbled
from shared.http.health import FRAME_ROUTES, HEALTH, Health
from shared.http.middleware import answer_problems, observe
from shared.http.problems import problem_response
from shared.process.logs import set_up_logs
from shared.process.process import end_for_settings
from shared.settings import Settings

_log = structlog.get_logger(__name__)

LARGEST_BODY_BYTES = 1_048_576
KEEPALIVE_S = 75.0
STOP_WITHIN_S = 5.0
# Container objects made and not freed before the collector looks.
_COLLECT_AFTER = 20_000
_GARBLED = "The request cannot be read: its method, its address or one of its headers is not written as HTTP asks."

S = TypeVar("S", bound=Settings)


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


def _refuse(status: int) -> web.Response:
    return problem_response(Problem(status, _GARBLED if status < 500 else "The service failed; the failure is logged."))
