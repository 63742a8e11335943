"""Private parts of aiohttp behave as `shared/http/quirks.py` expects."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, http_parser, web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from shared.http import quirks, ready_response
from shared.http.ready_response import DateLine, ReadyAnswer

BAD_REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n"
LARGE = b"x" * 40_000_000


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[TestServer]:
    server = TestServer(app)
    await server.start_server()
    try:
        yield server
    finally:
        await server.close()


async def exchange(server: TestServer, sent: bytes) -> bytes:
    """Everything that the server sends until it closes the connection."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(sent)
    async with asyncio.timeout(10):
        received = await reader.read()
    writer.close()
    return received


def refusing(errors: list[BaseException | None]) -> Callable[[int, BaseException | None], web.StreamResponse]:
    def refuse(status: int, error: BaseException | None) -> web.StreamResponse:
        errors.append(error)
        return web.Response(status=status, text="refused")

    return refuse


def test_python_parser_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    assert quirks.has_c_parser()

    monkeypatch.setattr(http_parser, "HttpRequestParser", http_parser.HttpRequestParserPy)

    assert not quirks.has_c_parser()


async def test_wrapped_handler_runs_before_the_router() -> None:
    def wrap(route: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return web.Response(text="first") if request.path == "/first" else await route(request)

        return handle

    async def routed(_: web.Request) -> web.Response:
        return web.Response(text="routed")

    app = web.Application()
    app.router.add_get("/routed", routed)
    quirks.wrap_handler(app, wrap)

    async with serving(app) as server, ClientSession() as client:
        texts = [await (await client.get(server.make_url(path))).text() for path in ("/first", "/routed")]

    assert texts == ["first", "routed"]


async def test_unreadable_request_gets_our_answer_and_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    app, errors = web.Application(), list[BaseException | None]()
    quirks.replace_plain_errors(app, refusing(errors))

    async with serving(app) as server:
        received = await exchange(server, BAD_REQUEST)

    assert received.startswith(b"HTTP/1.0 400")
    assert received.endswith(b"refused")
    assert len(errors) == 1
    assert not caplog.records, "aiohttp must not log the client's address"


async def test_handler_failure_outside_middleware_gets_our_answer() -> None:
    async def fail(_: web.Request) -> web.Response:
        raise RuntimeError("broken")

    app, errors = web.Application(), list[BaseException | None]()
    app.router.add_get("/", fail)
    quirks.replace_plain_errors(app, refusing(errors))

    async with serving(app) as server:
        received = await exchange(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 500")
    assert [str(error) for error in errors] == ["broken"]


async def test_failure_in_the_middle_of_an_answer_gets_no_second_one() -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        raise RuntimeError("broken")

    app, errors = web.Application(), list[BaseException | None]()
    app.router.add_get("/", fail)
    quirks.replace_plain_errors(app, refusing(errors))

    async with serving(app) as server:
        received = await exchange(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert b"begun" in received
    assert not errors


def _app(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/", handler)
    return app


async def test_body_received_with_its_head_is_kept_for_read() -> None:
    async def echo(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)  # the body has arrived by then
        quirks.keep_received_body(request)
        is_kept = request.content.at_eof()
        return web.Response(body=await request.read() if is_kept else b"not kept")

    async with serving(_app(echo)) as server, ClientSession() as client:
        answer = await client.post(server.make_url("/"), data=b"body")

        assert (answer.status, await answer.read()) == (200, b"body")


async def test_body_received_in_part_is_read_whole() -> None:
    async def echo(request: web.Request) -> web.Response:
        quirks.keep_received_body(request)
        return web.Response(body=await request.read())

    async with serving(_app(echo)) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo")
        await asyncio.sleep(0.05)
        writer.write(b"dy")
        received = await reader.read()
        writer.close()

    assert received.endswith(b"\r\n\r\nbody")


async def test_ready_answer_waits_for_a_slow_client() -> None:
    large = ReadyAnswer(DateLine(), 200, [("Content-Length", str(len(LARGE)))], LARGE, keeps_open=False)

    async def answer(_: web.Request) -> web.StreamResponse:
        return large

    async with serving(_app(answer)) as server:
        received = await exchange(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert received.endswith(LARGE[-100:])
    assert len(received) == len(large.as_bytes())


async def test_client_that_reads_nothing_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_response, "STALLED_CLIENT_S", 0.1)
    large = ReadyAnswer(DateLine(), 200, [("Content-Length", str(len(LARGE)))], LARGE)

    async def answer(_: web.Request) -> web.StreamResponse:
        return large

    async with serving(_app(answer)) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.5)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            async with asyncio.timeout(10):
                await reader.readexactly(len(LARGE))
        writer.close()


@pytest.mark.parametrize("keeps_open", [True, False])
def test_ready_answer_knows_whether_its_connection_stays_open(keeps_open: bool) -> None:
    answer = ReadyAnswer(DateLine(), 200, [], keeps_open=keeps_open)

    assert answer.keep_alive is keeps_open


class _Bare(ReadyAnswer):
    """A ready answer without the state of `web.Response`, as popularity's fast path uses."""

    def __init__(self) -> None:
        pass

    @property
    def keep_alive(self) -> bool:
        return True

    def as_bytes(self) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbare"


async def test_server_needs_no_state_of_a_response() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return _Bare()

    async with serving(_app(answer)) as server, ClientSession() as client:
        texts = [await (await client.get(server.make_url("/"))).text() for _ in range(2)]

    assert texts == ["bare", "bare"]
