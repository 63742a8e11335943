"""The gateway at the level of bytes: pipelining, slow clients, hostile requests."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rendering.settings import RenderingSettings
from tests.support.examples import examples
from tests.support.gateway import Gateway, open_gateway
from tests.support.polling import PATIENCE_S


@pytest.fixture
async def gateway(rendering_settings: RenderingSettings, mongo_database: str) -> AsyncIterator[Gateway]:
    """A gateway over an empty read model."""
    async with open_gateway(rendering_settings, mongo_database) as gateway:
        yield gateway


async def exchange(gateway: Gateway, sent: bytes, *, until_closed: bool = True) -> bytes:
    """Send bytes over a new connection; returns the bytes received."""
    port = gateway.client.port
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            writer.write(sent)
            return await reader.read(-1 if until_closed else 1 << 20)
    finally:
        writer.close()


def statuses(answers: bytes) -> list[int]:
    """The status of each response in the received bytes."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) [A-Z]", answers)]


async def test_pipelined_requests_are_answered_whole_and_in_order(gateway: Gateway) -> None:
    request = b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n"
    paths = [b"/", b"/about", b"/nothing/here", b"/world/", b"/"]
    await exchange(gateway, request % (b"/", b"Connection: close\r\n"))

    sent = b"".join(request % (path, b"") for path in paths) + request % (b"/about", b"Connection: close\r\n")
    answers = await exchange(gateway, sent)

    assert statuses(answers) == [200, 200, 404, 301, 200, 200]
    assert answers.count(b"</html>") == 5


@pytest.mark.parametrize(
    "request_line",
    [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
    ids=["HTTP/1.0", "Connection: close"],
)
async def test_connection_not_kept_alive_closes_after_its_response(gateway: Gateway, request_line: bytes) -> None:
    for _ in range(2):
        answers = await exchange(gateway, request_line)

        assert statuses(answers) == [200]
        assert b"\r\nConnection: close\r\n" in answers
        assert answers.rstrip().endswith(b"</html>")


async def test_client_that_does_not_read_delays_no_other(gateway: Gateway) -> None:
    port = gateway.client.port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port)) as stalled:
        stalled.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 30)

        for _ in range(5):
            assert (await gateway.get("/")).status == 200


async def test_aborted_connections_disturb_no_other(gateway: Gateway) -> None:
    port = gateway.client.port
    assert port is not None
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /economy HTTP/1.1\r\nHost: x\r\n\r\n")
        writer.transport.abort()

    assert (await gateway.get("/economy")).status == 200


HOSTILE = (
    b"/%00",
    b"/%0d%0aX-Injected:%20yes",
    b"/world/%ff%fe%fd",
    b"/" + b"a" * 5000,
    b"/" + b"a/" * 2000,
    b"/..%2f..%2fetc/passwd",
    b"/static/../../settings.py",
    b"/static/%2e%2e/settings.py",
    b"//evil.example/%2f..",
    b"/world?page=" + b"9" * 400,
    b"/world?" + b"&".join(b"page=1" for _ in range(300)),
    b"/world?page=1&page=2",
    b"/world?page[$gt]=",
    b"/tag/$where",
    b"/error 404",
    b"/error%20404",
    b"/?comments=1;drop",
    b"*",
    b"http://[::1",
    b"http://other.example/",
    b"\xd9\x85\xd8\xb1",
    b"/\xd9\x85\xd8\xb1",
)


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"CONNECT"])
async def test_hostile_address_never_gets_a_server_error(gateway: Gateway, method: bytes) -> None:
    for target in HOSTILE:
        answers = await exchange(gateway, method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        assert all(status < 500 for status in statuses(answers)), (target, answers[:300])
        assert b"X-Injected" not in answers.partition(b"\r\n\r\n")[0]


async def test_random_target_and_header_never_get_a_server_error(gateway: Gateway) -> None:
    targets, headers = st.binary(max_size=60), st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
    drawn: list[tuple[bytes, str]] = []

    @settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(targets, headers)
    def draw(target: bytes, value: str) -> None:
        drawn.append((target, value))

    draw()
    for target, value in drawn:
        line = b"GET /" + target.translate(None, b"\r\n ") + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        field = value.encode("latin-1")
        answers = await exchange(
            gateway, line + b"Accept-Encoding: " + field + b"\r\nIf-None-Match: " + field + b"\r\n\r\n"
        )

        assert statuses(answers), (target, value)
        assert all(status < 500 for status in statuses(answers)[:1]), (target, value, answers[:300])
