"""The application around every service's routes: health, metrics, logs, problem details, limits, orderly stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog
import uvloop
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from shared.errors import Problem, SettingsError
from shared.http.bad_requests import Refuse, answer_bad_requests
from shared.http.health import HEALTH, HEALTH_ROUTES, Health
from shared.http.middleware import answer_problems, observe
from shared.http.problems import problem_response
from shared.http.quirks import has_c_parser, wrap_handler
from shared.process.logs import set_up_logs
from shared.process.process import end_for_settings, spare_the_collector
from shared.settings import Settings

_log = structlog.get_logger(__name__)

LARGEST_BODY_BYTES = 1_048_576
KEEPALIVE_S = 75.0
STOP_WITHIN_S = 5.0
_BAD_REQUEST = "The request cannot be read: its method, its address or one of its headers is not valid HTTP."

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
    """An application with `routes`, health, metrics and error handling.

    `middlewares` replaces the usual ones (gateway, for speed). `refuse` builds the answer to a request that aiohttp cannot
    parse; without it, problem details.
    """
    if not has_c_parser():
        raise SettingsError("aiohttp runs without its C parser; install a wheel with extensions")
    usual = (observe, answer_problems)
    app = web.Application(middlewares=usual if middlewares is None else middlewares, client_max_size=largest_body_bytes)
    answer_bad_requests(app, refuse or _refuse)
    app[HEALTH] = Health()
    app[SETTINGS] = settings
    app.add_routes(routes)
    app.add_routes(HEALTH_ROUTES)
    return app


def answer_first(
    app: web.Application,
    answer: Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse | None] | None],
) -> None:
    """Try `answer` on each request before the router; on None the request goes to the router.

    For ready answers: the router and the middlewares cost as much as the rest of such an answer.
    """

    def wrap(route: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            ready = answer(request)
            if ready is not None and not isinstance(ready, web.StreamResponse):
                ready = await ready
            return await route(request) if ready is None else ready

        return handle

    wrap_handler(app, wrap)


def run_service(name: str, settings_type: type[S], create_app: Callable[[S], web.Application]) -> None:
    """Run until SIGTERM or SIGINT: stop accepting, finish requests in progress, clean up, within STOP_WITHIN_S each.

    With WM_DRAIN_S, SIGTERM first makes the service not ready, and it serves for that time: load balancers that follow
    its readiness stop sending before it stops accepting.
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


async def _drain_at_sigterm(app: web.Application) -> None:
    loop = asyncio.get_running_loop()

    def begin() -> None:
        if not app[HEALTH].is_stopping:
            app[HEALTH].is_stopping = True
            _log.info("service.drains", seconds=app[SETTINGS].drain_s)
            loop.call_later(app[SETTINGS].drain_s, _stop_now)

    # Replaces aiohttp's own handler, which is set before startup, and ends in the same way.
    loop.add_signal_handler(signal.SIGTERM, begin)


def _stop_now() -> None:
    raise web.GracefulExit


def _refuse(status: int) -> web.Response:
    detail = _BAD_REQUEST if status < 500 else "The service failed; the failure is logged."
    return problem_response(Problem(status, detail))
