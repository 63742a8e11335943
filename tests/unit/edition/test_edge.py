"""The loader's HTTP client: it waits after 429, and its errors repeat the problem details."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.edition.articles import EditionError
from deploy.edition.edge import Edge, explain

_PROBLEM = {
    "type": "about:blank",
    "title": "Unprocessable",
    "status": 422,
    "detail": "A field is wrong.",
    "errors": [{"pointer": "/headline", "detail": "It is longer than 200 characters."}],
}
_SEEN: web.AppKey[list[web.Request]] = web.AppKey("seen", list)


async def _answer(request: web.Request) -> web.Response:
    """A platform that is busy once, and refuses /bad."""
    seen = request.app[_SEEN]
    seen.append(request)
    if request.path == "/busy" and len(seen) == 1:
        return web.json_response({}, status=429, headers={"Retry-After": "0"})
    if request.path == "/absent" and len(seen) == 1:
        return web.json_response({"title": "Not Found"}, status=404)
    if request.path == "/bad":
        return web.json_response(_PROBLEM, status=422)
    return web.json_response({"id": "1"})


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app[_SEEN] = []
    app.router.add_route("*", "/{tail:.*}", _answer)
    running = TestServer(app)
    async with running:
        yield running


async def test_loader_waits_after_429(server: TestServer) -> None:
    async with Edge(str(server.make_url("/")), "token") as edge:
        assert await edge.post("/busy", "an-article") == {"id": "1"}

    assert len(server.app[_SEEN]) == 2


async def test_404_is_retried_only_when_awaited(server: TestServer) -> None:
    async with Edge(str(server.make_url("/")), "token") as edge:
        assert await edge.post("/absent", "an-article", awaited=True) == {"id": "1"}
        server.app[_SEEN].clear()
        with pytest.raises(EditionError, match="an-article: POST /absent was answered 404: Not Found"):
            await edge.post("/absent", "an-article")


async def test_refusal_names_the_article_and_the_field(server: TestServer) -> None:
    async with Edge(str(server.make_url("/")), "token") as edge:
        with pytest.raises(EditionError, match=r"an-article: POST /bad was answered 422: A field.*; /headline: It is"):
            await edge.post("/bad", "an-article", {"headline": ""})


async def test_token_key_and_version_are_sent(server: TestServer) -> None:
    async with Edge(str(server.make_url("/")), "secret") as edge:
        await edge.post("/x", "an-article", key="edition:x", version=3)

    sent = server.app[_SEEN][0].headers
    assert sent["Authorization"] == "Bearer secret"
    assert sent["Idempotency-Key"] == "edition:x"
    assert sent["If-Match"] == '"3"'


async def test_absent_platform_is_a_clear_error(unused_tcp_port: int) -> None:
    async with Edge(f"http://127.0.0.1:{unused_tcp_port}", "token") as edge:
        with pytest.raises(EditionError, match=r"an-article: POST /x: .*ClientConnector"):
            await edge.post("/x", "an-article")


def test_answer_without_problem_details_is_cut_to_a_line() -> None:
    assert explain("<html>\n  <h1>Bad gateway</h1>") == "<html> <h1>Bad gateway</h1>"
