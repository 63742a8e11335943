"""The edge's routes, and the paths that it answers itself."""

from pathlib import Path

import pytest
from aiohttp import ClientSession
from yarl import URL

from tests.support.edge import Behind, StartEdge, read


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("GET", "/", "rendering"),
        ("GET", "/world", "rendering"),
        ("GET", "/world/a-slug?page=2", "rendering"),
        ("GET", "/feed.xml", "rendering"),
        ("GET", "/v1/live", "rendering"),
        ("GET", "/v1/oembed?url=x", "rendering"),
        ("GET", "/v1/articles", "ingestion"),
        ("POST", "/v1/articles", "ingestion"),
        ("PUT", "/v1/articles/01J/", "ingestion"),
        ("POST", "/v1/articles/01J/publish", "ingestion"),
        ("GET", "/v1/articles/01J/revisions", "ingestion"),
        ("GET", "/v1/articles/01J/comments?sort=newest", "comments"),
        ("POST", "/v1/articles/01J/comments", "comments"),
        ("GET", "/v1/articles/01J/discussion", "comments"),
        ("PUT", "/v1/articles/01J/discussion", "comments"),
        ("POST", "/v1/comments/01K/approve", "comments"),
        ("GET", "/v1/comments?status=pending", "comments"),
        ("GET", "/v1/articles/01J/views", "popularity"),
        ("POST", "/v1/views", "popularity"),
        ("GET", "/v1/views/pixel.gif?article_id=x", "popularity"),
        ("GET", "/v1/popular?window=24h", "popularity"),
        ("GET", "/v1/numbers?by=day", "popularity"),
        ("GET", "/v1/numbers.csv?by=day", "popularity"),
        ("GET", "/v1/numbers/archive?day=2026-11-28", "popularity"),
        ("POST", "/v1/numbers/adjustments", "popularity"),
        ("GET", "/v1/search?q=harbour", "search"),
        ("GET", "/v1/people", "ingestion"),
        ("POST", "/v1/people/01J/sign-out", "ingestion"),
        ("DELETE", "/v1/tokens/01J", "ingestion"),
        ("GET", "/v1/audit?actor=x", "ingestion"),
        ("POST", "/v1/media", "media"),
        ("PATCH", "/v1/media/01J", "media"),
        ("GET", "/v1/media?q=ferry", "media"),
        ("POST", "/desk/media", "desk"),
        ("GET", "/desk", "desk"),
        ("POST", "/desk/articles/01J/publish", "desk"),
        ("GET", "/desktop-news", "rendering"),
    ],
)
async def test_path_reaches_its_service_unchanged(
    method: str, path: str, service: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.request(method, edge + path, headers={"Authorization": "Bearer wm_0123456789"}) as answer:
        body = await answer.text()

    assert body == f"{service} 1"
    assert behind[service].asked[0].raw_path == path


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/metrics", "//health/live", "/%68ealth/live", "/a/../metrics"]
)
async def test_health_and_metrics_are_not_public(
    path: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.get(URL(edge + path, encoded=True)) as answer:
        status = answer.status

    assert status == 404
    assert not any(upstream.asked for upstream in behind.values())


@pytest.mark.parametrize(
    "path",
    [
        "/internal",
        "/internal/preview",
        "/internal/articles/01J/trace",
        "//internal/state",
        "/%69nternal/state",
        "/internal%2Fstate",
        "/world/../internal/state",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_internal_routes_are_not_public(
    path: str, method: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.request(method, URL(edge + path, encoded=True)) as answer:
        status = answer.status

    assert status == 404
    assert not any(upstream.asked for upstream in behind.values())


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nope", "/v1/nope/further", "/v1/mediator", "/v1/imports"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_unknown_api_path_gives_404_problem_details(
    path: str, method: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    base = await start_edge()

    async with client.request(method, base + path, allow_redirects=False) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        assert (await answer.json())["status"] == 404
    assert not any(upstream.asked for upstream in behind.values())


@pytest.mark.parametrize("path", ["/desks", "/desks/", "/desks/articles"])
async def test_unknown_page_path_reaches_the_gateway_for_its_404_page(
    path: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    await (await client.get(edge + path)).read()

    assert [request.raw_path for request in behind["rendering"].asked] == [path]
    assert not behind["ingestion"].asked


async def test_client_address_and_request_id_are_set(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Request-Id": "no spaces allowed"}

    await (await client.get(f"{edge}/v1/popular", headers=forged)).read()
    await (await client.get(f"{edge}/v1/popular", headers={"X-Request-Id": "kept-0001"})).read()

    first, second = (request.headers for request in behind["popularity"].asked)
    assert first["X-Forwarded-For"] == "127.0.0.1"
    assert len(first["X-Request-Id"]) == 32
    assert second["X-Request-Id"] == "kept-0001"


async def test_picture_is_cached_while_its_address_is_immutable(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    picture = f"{edge}/media/0123456789abcdef/full-640-00112233.avif"

    kept = {"Cache-Control": "public, max-age=31536000, immutable", "Accept-Ranges": "bytes"}
    behind["media"].headers = {**kept, "Content-Type": "image/avif"}
    cached = await read(client, picture, times=2) + await read(client, f"{picture}?another=1")
    behind["media"].status = 503
    cached += await read(client, picture)
    async with client.get(picture, headers={"Range": "bytes=0-4"}) as part:
        found = part.status, await part.text()

    assert cached == ["media 1"] * 4
    assert found == (206, "media")
    assert [request.raw_path for request in behind["media"].asked] == ["/media/0123456789abcdef/full-640-00112233.avif"]


async def test_picture_that_is_not_there_yet_is_asked_for_again(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    behind["media"].headers = {"Cache-Control": "no-cache"}

    assert await read(client, f"{edge}/media/0123456789abcdef/a.avif", times=2) == ["media 1", "media 2"]


async def test_contract_is_served_as_json(start_edge: StartEdge, tmp_path: Path, client: ClientSession) -> None:
    edge = await start_edge()
    (tmp_path / "openapi.json").write_text('{"openapi": "3.1.0"}')

    async with client.get(f"{edge}/v1/openapi.json") as answer:
        assert (answer.status, await answer.json()) == (200, {"openapi": "3.1.0"})
