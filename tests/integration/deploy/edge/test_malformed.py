"""Requests that no client would send."""

import pytest
from yarl import URL

from tests.support.edge import Behind, StartEdge, send_raw


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "nonsense"])
async def test_encoded_body_is_refused_before_it_reaches_a_service(
    encoding: str, start_edge: StartEdge, behind: Behind
) -> None:
    base = URL(await start_edge())
    lines = [
        "POST /v1/views HTTP/1.1",
        "Host: x",
        "Connection: close",
        f"Content-Encoding: {encoding}",
        "Content-Length: 2",
    ]

    # aiohttp's client would encode the body by itself.
    answer = await send_raw(base, "\r\n".join([*lines, "", "{}"]).encode())

    assert answer.startswith("HTTP/1.1 415 ")
    assert "Content-Type: application/problem+json" in answer
    assert not behind["popularity"].asked


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET %s/%%zz HTTP/1.1", 400),
        (b"GET %s/%%00 HTTP/1.1", 400),
        (b"GET %s/../../../x HTTP/1.1", 400),
        (b"GET %s/ HTTP/9.9", 400),
        (b"TRACE %s/ HTTP/1.1", 405),
        (b"GET %s/" + b"a" * 10_240 + b" HTTP/1.1", 414),
        (b"GET %s/?q=" + b"a" * 10_240 + b" HTTP/1.1", 414),
    ],
)
@pytest.mark.parametrize(("prefix", "type_"), [(b"", "text/html; charset=utf-8"), (b"/v1", "application/problem+json")])
async def test_malformed_request_gets_a_page_or_problem_details_by_path(
    line: bytes, status: int, prefix: bytes, type_: str, start_edge: StartEdge, behind: Behind
) -> None:
    base = URL(await start_edge())

    answer = await send_raw(base, line % prefix + b"\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert f"Content-Type: {type_}" in answer
    assert not any(upstream.asked for upstream in behind.values())


async def test_http_1_0_request_without_host_is_answered(start_edge: StartEdge) -> None:
    answer = await send_raw(URL(await start_edge()), b"GET / HTTP/1.0\r\n\r\n")

    assert answer.startswith("HTTP/1.1 200 ")


async def test_raw_bytes_in_an_api_path_give_400_problem_details(start_edge: StartEdge) -> None:
    base = URL(await start_edge())

    answer = await send_raw(base, b"GET /v1/live?article=\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith("HTTP/1.1 400 ")
    assert "Content-Type: application/problem+json" in answer
