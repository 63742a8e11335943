"""Connections of one address are bounded before a request is whole, by a front that costs readers nothing."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import ClientSession
from yarl import URL

from tests.support.edge import LOW, Behind, HeldConnections, StartEdge
from tests.support.polling import eventually
from tests.support.running import ROOT


@pytest.fixture
async def slow() -> AsyncIterator[HeldConnections]:
    held = HeldConnections("127.0.0.2")
    yield held
    held.close()


async def test_half_sent_requests_of_one_address_are_bounded_and_others_read(
    slow: HeldConnections, start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True, adapt=LOW)

    await slow.open(URL(edge), 100)
    await eventually(lambda: _equals(slow.refused(), 60), what="60 of 100 are refused")
    async with client.get(f"{edge}/world") as answer:
        assert answer.status == 200

    slow.close()

    async def there_is_room() -> bool:
        again = HeldConnections(slow.address)
        await again.open(URL(edge), 1)
        return await again.finish() == [200]

    await eventually(there_is_room, what="closed connections make room")


async def test_a_trusted_proxy_may_hold_many_connections(slow: HeldConnections, start_edge: StartEdge) -> None:
    edge = await start_edge(rate_limits=True, adapt=lambda edge: replace(LOW(edge), trusted_proxies=("127.0.0.2/31",)))

    await slow.open(URL(edge), 60)

    assert await slow.finish() == [200] * 60


async def test_readers_address_passes_the_front_unchanged(
    slow: HeldConnections, start_edge: StartEdge, behind: Behind
) -> None:
    base = URL(await start_edge(rate_limits=True))

    await slow.open(base, 1)

    assert await slow.finish() == [200]
    assert [request.headers["X-Forwarded-For"] for request in behind["rendering"].asked] == ["127.0.0.2"]


async def _equals(found: int, wanted: int) -> bool:
    return found == wanted


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_five_thousand_slow_clients_leave_the_readers_fast(start_edge: StartEdge, client: ClientSession) -> None:
    edge = await start_edge(rate_limits=True)

    ratios = []
    for _ in range(5):
        quiet = await _p99_s(client, edge)
        async with _slow_clients(URL(edge), 5000):
            ratios.append(await _p99_s(client, edge) / quiet)
        if ratios[-1] <= 1.5:
            break

    assert min(ratios) <= 1.5, ratios


async def _p99_s(client: ClientSession, edge: str) -> float:
    """Of 1,500 reads, two at a time and 300 a second, so that neither side is saturated."""
    times: list[float] = []

    async def read() -> None:
        for _ in range(750):
            began = time.perf_counter()
            async with client.get(f"{edge}/world") as answer:
                assert answer.status == 200
                await answer.read()
            times.append(time.perf_counter() - began)
            await asyncio.sleep(2 / 90)

    await asyncio.gather(read(), read())
    return sorted(times)[len(times) * 99 // 100]


@asynccontextmanager
async def _slow_clients(base: URL, how_many: int) -> AsyncIterator[None]:
    """A process that holds half-sent requests from five addresses, and opens each again when the edge closes it."""
    command = [sys.executable, "-m", "tests.support.slow_clients", str(base.host), str(base.port), str(how_many)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"held\n"
        yield
    finally:
        process.terminate()
        await process.wait()
