"""Private parts of aiohttp that the platform relies on. `tests/unit/shared/test_quirks_aiohttp.py` fails when one changes."""

import asyncio
from collections.abc import Callable

from aiohttp import http_parser, web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

BuildAnswer = Callable[[int, BaseException | None], web.StreamResponse]


def has_c_parser() -> bool:
    """Whether aiohttp parses requests in C. Its pure Python parser had the request-smuggling holes."""
    return http_parser.HttpRequestParser is not http_parser.HttpRequestParserPy


def wrap_handler(app: web.Application, wrap: Callable[[Handler], Handler]) -> None:
    """Replace the handler that the server calls for each request, before the router."""
    # `Application` warns about attributes that it does not know.
    object.__setattr__(app, "_handle", wrap(app._handle))


def replace_plain_errors(app: web.Application, build_answer: BuildAnswer) -> None:
    """Have `build_answer` replace the answer that aiohttp itself would send as plain text, from its status and the error.

    This concerns requests that aiohttp cannot parse (400) and handlers that fail outside all middleware (500, 504). Each
    answer must be a new one: it closes its connection.
    """
    make_plain: Callable[..., web.Server] = app._make_handler

    def make_handler(**options: object) -> web.Server:
        return _Server(make_plain(**options), build_answer)

    object.__setattr__(app, "_make_handler", make_handler)


class _Connection(RequestHandler):
    __slots__ = ("_build_answer",)

    def __init__(self, server: "_Server", loop: asyncio.AbstractEventLoop, **options: object) -> None:
        super().__init__(server, loop=loop, **options)  # type: ignore[arg-type]
        self._build_answer = server.build_answer

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Override aiohttp's plain text, and its log record with the client's address."""
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun; a second one cannot follow.")
        answer = self._build_answer(status, exc)
        answer.force_close()
        return answer


class _Server(web.Server):
    def __init__(self, plain: web.Server, build_answer: BuildAnswer) -> None:
        super().__init__(
            plain.request_handler,
            request_factory=plain.request_factory,
            handler_cancellation=plain.handler_cancellation,
            loop=plain._loop,
            **plain._kwargs,
        )
        self.build_answer = build_answer

    def __call__(self) -> RequestHandler:
        return _Connection(self, self._loop, **self._kwargs)


async def drain(request: web.BaseRequest) -> None:
    """Wait until the connection's write buffer is below its limit. Raises ConnectionError when the client has left."""
    await request.protocol._drain_helper()


def keep_received_body(request: web.Request) -> None:
    """Store a body that has arrived where `request.read()` looks first; its loop would cost 6 us."""
    if request._read_bytes is None and request.content.is_eof():
        request._read_bytes = request.content.read_nowait()
