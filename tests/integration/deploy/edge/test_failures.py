"""The edge when services are down or break off."""

import pytest
from aiohttp import ClientSession

from tests.support.edge import Behind, StartEdge


async def test_dead_process_is_skipped_for_writes_too(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge(refusing=("popularity",))

    statuses = [(await client.post(f"{edge}/v1/views", data=b"{}")).status for _ in range(6)]

    assert statuses == [200] * 6


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/world", "rendering"),
        ("/v1/popular", "popularity"),
        ("/v1/articles/01J/comments", "comments"),
        ("/v1/search?q=x", "search"),
        ("/v1/articles/01J", "ingestion"),
    ],
)
async def test_aborted_read_is_retried_once(
    path: str, service: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    behind[service].aborts = 1

    async with client.get(edge + path) as answer:
        body = await answer.text()

    assert (answer.status, body) == (200, f"{service} 2")


async def test_aborted_write_is_not_retried(start_edge: StartEdge, behind: Behind, client: ClientSession) -> None:
    edge = await start_edge()
    behind["comments"].aborts = 1

    async with client.post(f"{edge}/v1/articles/01J/comments", json={}) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["status"]) == (503, 503)
    assert len(behind["comments"].asked) == 1


@pytest.mark.parametrize(
    ("path", "type_"), [("/world", "text/html; charset=utf-8"), ("/v1/live", "application/problem+json")]
)
async def test_absent_service_gives_503_with_retry_after(
    path: str, type_: str, start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(down=("rendering",))

    async with client.get(edge + path) as answer:
        body = await answer.text()

    assert (answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"]) == (503, type_, "2")
    assert len(body) < 2000
