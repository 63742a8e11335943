"""Bodies above 64 KB: their sender is checked before they are read, and the edge's errors keep their status."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from yarl import URL

from tests.support.edge import Behind, StartEdge, send_at_once
from tests.support.polling import PATIENCE_S

_LARGE = b"x" * 300_000
_TOKEN = {"Authorization": "Bearer wm_0123456789abcdef"}
_COOKIE = {"Cookie": "seen=1; __Host-wm_session=wms_0123456789abcdef"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def _in_parts() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield _LARGE


@pytest.mark.parametrize("body", [b"{}", _LARGE])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/articles"),
        ("PUT", "/v1/articles/01J"),
        ("POST", "/v1/articles/01J/publish"),
        ("POST", "/v1/people"),
        ("POST", "/v1/tokens"),
    ],
)
async def test_write_without_credentials_gives_401_problem_details(
    method: str, path: str, body: bytes, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True)
    limit = 413 if body is _LARGE and path not in ("/v1/articles", "/v1/articles/01J") else 401

    async with client.request(method, edge + path, data=body) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["status"]) == (limit, limit)
    assert answer.headers.getall("WWW-Authenticate", []) == (['Bearer realm="editors"'] if limit == 401 else [])
    assert not any(upstream.asked for upstream in behind.values())


@pytest.mark.parametrize("path", ["/v1/articles", "/desk/articles/new", "/desk/checks"])
@pytest.mark.parametrize("credentials", [_TOKEN, _COOKIE, {}])
async def test_unknown_sender_is_refused_before_the_body_arrives(
    path: str, credentials: dict[str, str], start_edge: StartEdge, behind: Behind, tmp_path: Path
) -> None:
    behind["ingestion"].status = 401
    behind["ingestion"].headers = {"WWW-Authenticate": 'Bearer realm="editors"'}
    base = URL(await start_edge(rate_limits=True))
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", "Content-Length: 8000000"]
    headers = [f"{name}: {value}" for name, value in credentials.items()]

    # The body never comes: the answer cannot have waited for it.
    reader, writer = await asyncio.open_connection(base.host, base.port)
    writer.write("\r\n".join([*lines, *headers, "", ""]).encode())
    answer = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)).decode()
    writer.close()

    assert answer.startswith("HTTP/1.1 401 ")
    assert answer.count("WWW-Authenticate") == 1
    assert {request.path for request in behind["ingestion"].asked} <= {"/internal/token"}
    assert not behind["desk"].asked
    assert not [file for file in (tmp_path / "body").rglob("*") if file.is_file()]


@pytest.mark.parametrize("credentials", [_TOKEN, _COOKIE])
@pytest.mark.parametrize("in_parts", [False, True])
async def test_large_body_of_a_known_sender_passes_whole(
    in_parts: bool, credentials: dict[str, str], start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True)
    body = _in_parts() if in_parts else _LARGE

    async with client.post(f"{edge}/v1/articles", data=body, headers=credentials) as answer:
        text = await answer.text()

    check, write = behind["ingestion"].asked
    assert (answer.status, text) == (200, "ingestion 2")
    assert (check.method, check.path, write.path) == ("GET", "/internal/token", "/v1/articles")
    assert len(await write.read()) == len(_LARGE) * (3 if in_parts else 1)
    for name, value in credentials.items():
        assert check.headers[name] == value


async def test_text_of_an_ended_session_reaches_the_desk_which_returns_it(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    behind["ingestion"].status = behind["desk"].status = 401
    edge = await start_edge(rate_limits=True)

    async def post(size: int, headers: dict[str, str], path: str = "/desk/articles/new") -> tuple[int, str]:
        async with client.post(edge + path, data=b"x" * size, headers=headers) as answer:
            return answer.status, await answer.text()

    assert await post(400_000, _FORM | _COOKIE) == (401, "desk 1")
    assert await post(65_537, _FORM | {"Accept": "text/html"}) == (401, "desk 2")
    assert len(await behind["desk"].asked[0].read()) == 400_000
    # Scripts keep their copy, and a larger text is not read.
    assert "not signed in" in (await post(400_000, _COOKIE | {"Content-Type": "application/json"}))[1]
    status, page = await post(500_000, _FORM | _COOKIE)
    assert (status, "has kept a copy" in page, 'href="/desk/sign-in"' in page) == (401, True, True)
    assert len(behind["desk"].asked) == 2

    refused = await send_at_once(lambda: post(400_000, _FORM | _COOKIE), 40)

    assert {status for status, _ in refused} == {401, 429}, "a stranger sends few large texts"


async def test_small_body_needs_no_check_of_its_sender(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True)

    for size in (2, 65_535):
        await (await client.put(f"{edge}/v1/articles/01J", data=b"x" * size, headers=_TOKEN)).read()

    assert [request.path for request in behind["ingestion"].asked] == ["/v1/articles/01J"] * 2


@pytest.mark.parametrize(
    "path", ["/v1/articles/01J/publish", "/v1/people", "/desk/sign-in", "/desk/account", "/v1/views"]
)
async def test_route_without_texts_takes_no_large_body(
    path: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.post(edge + path, data=_LARGE, headers=_TOKEN) as answer:
        assert answer.status == 413

    assert not any(upstream.asked for upstream in behind.values())


async def test_errors_of_large_requests_keep_their_status(start_edge: StartEdge, client: ClientSession) -> None:
    edge = await start_edge(rate_limits=True, down=("ingestion", "desk"))

    async def post(path: str, headers: dict[str, str]) -> tuple[int, str, str]:
        async with client.post(edge + path, data=_LARGE, headers=headers) as answer:
            await answer.read()
            return answer.status, answer.content_type, answer.headers.get("Retry-After", "")

    refused = await send_at_once(lambda: post("/v1/articles", {"Authorization": "invented"}), 100)

    assert set(refused) == {(503, "application/problem+json", "2"), (429, "application/problem+json", "1")}
    assert await post("/desk/articles/new", _COOKIE) == (503, "text/html", "2")
    assert await post("/v1/nowhere", {}) == (413, "application/problem+json", "")
    assert await post("/v1/live", {}) == (413, "application/problem+json", "")
    assert await post("/world", {}) == (413, "text/html", "")
