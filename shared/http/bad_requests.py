"""What clients get whose requests aiohttp cannot read: an answer in the service's own form, in place of aiohttp's plain text.

aiohttp would also write such a client's address into the log; here nobody's address is written anywhere.
"""

import asyncio
from collections.abc import Callable

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from shared.process import metrics

_log = structlog.get_logger(__name__)

Refuse = Callable[[int], web.StreamResponse]


class _Connection(RequestHandler):
    __slots__ = ("_refuse",)

    def __init__(self, server: "_Server", loop: asyncio.AbstractEventLoop, **options: object) -> None:
        super().__init__(server, loop=loop, **options)  # type: ignore[arg-type]
        self._refuse = server.refuse

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer a request that could not be read (400), or whose handler failed where no middleware saw it (500, 504)."""
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun; there can be no other.")
        metrics.REQUESTS.labels("other", "unreadable", status).inc()
        if status >= 500:
            _log.error("connection.failed", status=status, exc_info=exc)
        answer = self._refuse(status)
        answer.force_close()
        return answer


class _Server(web.Server):
    def __init__(self, plain: web.Server, refuse: Refuse) -> None:
        super().__init__(
            plain.request_handler,
            request_factory=plain.request_factory,
            handler_cancellation=plain.handler_cancellation,
            loop=plain._loop,
            **plain._kwargs,
        )
        self.refuse = refuse

    def __call__(self) -> RequestHandler:
        return _Connection(self, self._loop, **self._kwargs)


def answer_garbled(app: web.Application, refuse: Refuse) -> None:
    """Have `refuse` make the answer (a new one each time) to what is no request, by its status; the connection ends with it."""
    make: Callable[..., web.Server] = app._make_handler

    def make_handler(**options: object) -> web.Server:
        return _Server(make(**options), refuse)

    # Where aiohttp's runner takes its server from; `Application` would warn of any attribute that it does not know.
    object.__setattr__(app, "_make_handler", make_handler)
