"""The client of a service's instances, with real servers: dead, hanging, refusing and good ones."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.errors import Problem, Unavailable
from shared.http.instances import Answer, Instances
from shared.process.tracing import continue_trace
from tests.support.polling import PATIENCE_S, eventually, until
from tests.support.ports import free_port

DEAD, HANGING, GARBLED, CIRCLING = 0, 1, 2, 3
# Of a hanging instance.
SHORT_S = 0.2


@dataclass
class Service:
    """A client of some instances, with the places of those that were asked, and their last request."""

    client: Instances
    asked: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def ask(self, method: str = "GET", *, most_asked: int | None = None) -> int:
        """The place of the instance whose answer counts."""
        return await self.client.ask(
            method, "/place", _read_place, params={"token": "secret"}, json={"a": 1}, most_asked=most_asked
        )


def _read_place(answer: Answer) -> int:
    if answer.status == 422:
        raise Problem(422, "No.", headers=answer.retry_after)
    return int(str(answer.expect(200).json["place"]))


@asynccontextmanager
async def running(*states: int, wait_s: float = PATIENCE_S, spread: bool = False) -> AsyncIterator[Service]:
    """A service with an instance for each state: the status of its answers, DEAD, HANGING, GARBLED or CIRCLING (redirects)."""
    async with AsyncExitStack() as stack:
        urls = []
        for place, state in enumerate(states):
            urls.append(f"http://127.0.0.1:{free_port()}")
            if state != DEAD:
                server = await stack.enter_async_context(_server(place, state, lambda: service))
                urls[-1] = str(server.make_url("")).rstrip("/")
        service = Service(Instances("places", urls, wait_s, spread=spread))
        stack.push_async_callback(service.client.close)
        yield service


def _server(place: int, state: int, service: Callable[[], Service]) -> TestServer:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        service().asked.append(place)
        service().headers = dict(request.headers)
        service().body = await request.read()
        if state == HANGING:
            await never.wait()
        if state == CIRCLING:
            raise web.HTTPFound(request.path_qs)
        if state == GARBLED:
            return web.Response(text="<html>")
        return web.json_response({"place": place}, status=state, headers={"Retry-After": "7"})

    app = web.Application()
    app.router.add_route("*", "/place", answer)
    return TestServer(app, handler_cancellation=True)


async def test_dead_refusing_and_garbled_instances_are_passed_and_the_last_good_one_is_first_next_time() -> None:
    trace = continue_trace(None)
    async with running(DEAD, 503, GARBLED, 200) as service:
        assert [await service.ask(), await service.ask()] == [3, 3]

        assert service.asked == [1, 2, 3, 3]
        assert service.headers["traceparent"] == trace
        assert (service.headers["Content-Type"], service.body) == ("application/json", b'{"a":1}')


async def test_instance_that_hangs_is_left_for_the_next() -> None:
    async with running(HANGING, 200, wait_s=SHORT_S) as service:
        # A slow machine may need several tries for an answer in this time.
        assert await eventually(service.ask) == 1
        assert service.asked[0] == 0


async def test_all_instances_share_one_deadline() -> None:
    async with running(*[HANGING] * 8, wait_s=SHORT_S) as service:
        with pytest.raises(Unavailable, match="places: TimeoutError"):
            await service.ask()

    # Two waits, and what the clock's resolution leaves.
    assert service.asked in ([0], [0, 1], [0, 1, 2])


async def test_error_names_its_kind_and_shows_no_address_or_header() -> None:
    async with running(CIRCLING) as service:
        with pytest.raises(Unavailable) as unavailable:
            await service.ask()
    assert str(unavailable.value) == "places: TooManyRedirects"


async def test_cancellation_at_the_end_of_a_wait_ends_the_request_and_the_next_one_starts_elsewhere() -> None:
    wait_s = 0.5
    async with running(HANGING, 200, wait_s=wait_s) as service:
        task = asyncio.create_task(service.ask())
        await until(lambda: service.asked, "the first instance is asked")
        # Both ends are due when the loop, which stalls, comes to its timers: the wait's, then the cancellation.
        asyncio.get_running_loop().call_later(wait_s, task.cancel)
        time.sleep(1.2 * wait_s)

        with pytest.raises(asyncio.CancelledError):
            await task
        assert service.asked == [0]
        assert await eventually(service.ask) == 1
        assert service.asked[:2] == [0, 1]


async def test_request_that_must_not_be_repeated_passes_only_dead_instances() -> None:
    async with running(DEAD, 200) as service:
        assert await service.ask("POST", most_asked=1) == 1
    async with running(DEAD, 503, 200) as service:
        with pytest.raises(Unavailable, match="it answered 503"):
            await service.ask("POST", most_asked=1)
        assert service.asked == [1]


async def test_body_that_arrives_in_pieces_reaches_the_instance_behind_a_dead_one() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one ", b"two"):
            yield piece

    async with running(DEAD, 200) as service:
        assert await service.client.ask("POST", "/place", _read_place, body=pieces(), most_asked=1) == 1
        assert service.body == b"one two"


async def test_errors_of_the_reader_pass_and_no_other_instance_is_asked() -> None:
    async with running(422, 200) as service:
        with pytest.raises(Problem) as refused:
            await service.ask()
    assert (refused.value.headers, service.asked) == ({"Retry-After": "7"}, [0])


async def test_spread_requests_start_with_another_instance_each_time() -> None:
    async with running(200, 200, spread=True) as service:
        assert sorted([await service.ask() for _ in range(4)]) == [0, 0, 1, 1]


async def test_service_without_instances_is_unavailable() -> None:
    async with running(spread=True) as service:
        with pytest.raises(Unavailable, match="no instance to ask"):
            await service.ask()
