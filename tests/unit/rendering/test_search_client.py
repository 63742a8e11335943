"""The gateway's client of the search service: whom it asks, and how often."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.rendering.gateway.search_results import SearchClient, SearchQuery
from shared.errors import Unavailable
from tests.support.polling import PATIENCE_S, eventually
from tests.support.ports import free_port

_FOUND = {"total": 0, "items": []}


class Instances:
    """Stand-ins for instances of the search service. A costly question waits until `go_on` is set."""

    def __init__(self, statuses: Sequence[int]) -> None:
        self.statuses = statuses
        self.asked = 0
        self.waiting = 0
        self.go_on = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[list[str]]:
        """Their addresses, while they run."""
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(self._server(status)) for status in self.statuses]
            yield [str(server.make_url("")).rstrip("/") for server in servers]

    def _server(self, status: int) -> TestServer:
        async def answer(request: web.Request) -> web.Response:
            self.asked += 1
            if request.query["q"] == "costly":
                self.waiting += 1
                await self.go_on.wait()
            return web.json_response(_FOUND, status=status)

        app = web.Application()
        app.router.add_get("/v1/search", answer)
        return TestServer(app)


@asynccontextmanager
async def a_client(urls: Sequence[str]) -> AsyncIterator[SearchClient]:
    client = SearchClient(urls, PATIENCE_S)
    try:
        yield client
    finally:
        await client.close()


@pytest.mark.parametrize("instances", [2, 8])
async def test_search_that_all_refuse_is_asked_of_two_instances_at_most(instances: int) -> None:
    search = Instances([503] * instances)
    async with search.running() as urls, a_client(urls) as client:
        with pytest.raises(Unavailable):
            await client.search(SearchQuery("lake"))

    assert search.asked == 2


async def test_instances_that_take_no_connection_do_not_count() -> None:
    search = Instances([200])
    gone = [f"http://127.0.0.1:{free_port()}" for _ in range(4)]
    async with search.running() as urls, a_client([*gone, *urls]) as client:
        assert [await client.search(SearchQuery("lake")) for _ in range(5)] == [_FOUND] * 5


async def test_ordinary_search_is_asked_while_all_costly_ones_of_two_instances_wait() -> None:
    search = Instances([200, 200])
    # As many as two instances take: a thread and 16 that wait, in each.
    most_costly = 2 * 17
    async with search.running() as urls, a_client(urls) as client:
        costly = [asyncio.create_task(client.search(SearchQuery("costly"))) for _ in range(most_costly)]

        async def all_wait() -> bool:
            return search.waiting == most_costly

        await eventually(all_wait, what="all costly searches wait in the service")
        assert await asyncio.wait_for(client.search(SearchQuery("lake")), PATIENCE_S) == _FOUND

        search.go_on.set()
        await asyncio.gather(*costly)
