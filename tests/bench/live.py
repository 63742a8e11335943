"""Live readers: memory for each of ten thousand, and the time until the last of a thousand receives an event."""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from services.rendering.settings import RenderingSettings
from tests.bench.engines import running_engines
from tests.bench.measure import Measure
from tests.bench.process import running_process
from tests.support.gateway import ProjectorHarness, an_article, open_projector_harness
from tests.support.polling import eventually
from tests.support.ports import free_port
from tests.support.projector import a_comment

READERS = 10_000
ARTICLE_READERS = 1_000
EVENTS = 15
BAR_KB = 20.0
_AT_ONCE = 200


class Reader(asyncio.Protocol):
    """A live reader. Counts comment events, and records the time of the newest."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._unread = b""
        self.connected = False
        self.received = 0
        self.received_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(f"GET /v1/live?{self._query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        *whole, self._unread = (self._unread + data).split(b"\n\n")
        for event in whole:
            if b"event: comments" in event:
                self.received += 1
                self.received_at = time.perf_counter()
            elif b"event: " in event:
                self.connected = True


async def measure_live_readers() -> Measure:
    """10,000 readers on one gateway; a thousand of them have an article open that gets comments."""
    with running_engines() as environment:
        settings = RenderingSettings(
            kafka=environment["WM_KAFKA"], mongo=environment["WM_MONGO"], kafka_idempotence=False
        )
        port = free_port()
        command = [sys.executable, "-m", "services.rendering", "gateway"]
        async with open_projector_harness(settings, "rendering") as harness:
            article = an_article()
            await harness.apply(article)
            async with running_process(command, environment, port) as pid:
                return await _measure(harness, port, pid, article.id)


async def _measure(harness: ProjectorHarness, port: int, pid: int, article_id: str) -> Measure:
    warm = await _connect(port, _AT_ONCE, "front=1")
    before = _resident_kb(pid)
    article_readers = await _connect(port, ARTICLE_READERS, f"article={article_id}&popular=&language=en")
    idle = await _connect(port, READERS - ARTICLE_READERS, "front=1&popular=&language=en")
    each_kb = (_resident_kb(pid) - before) / READERS
    times = [await _time_event(harness, article_readers, article_id, number) for number in range(EVENTS)]
    for reader in (*warm, *article_readers, *idle):
        reader.transport.abort()
    first, last = (statistics.median(kind) for kind in zip(*times, strict=True))
    extra: Mapping[str, float] = {"readers": READERS, "first_ms": first, f"last_of_{ARTICLE_READERS}_ms": last}
    return Measure("live_readers", each_kb, BAR_KB, "KB/reader", bar=1.0, sense="at_most", extra=extra)


async def _connect(port: int, count: int, query: str) -> list[Reader]:
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []
    while len(readers) < count:
        size = min(_AT_ONCE, count - len(readers))
        made = await asyncio.gather(
            *(loop.create_connection(partial(Reader, query), "127.0.0.1", port) for _ in range(size))
        )
        batch = [reader for _, reader in made]
        await eventually(partial(_all, batch), within_s=30, what="readers are connected")
        readers += batch
    return readers


async def _all(readers: list[Reader]) -> bool:
    return all(reader.connected for reader in readers)


async def _time_event(
    harness: ProjectorHarness, readers: list[Reader], article_id: str, number: int
) -> tuple[float, float]:
    """Milliseconds from a comment's arrival at the projector until the first and the last reader receive it."""
    sent_at = time.perf_counter()
    await harness.apply(a_comment(article_id, minute=number))

    async def received() -> bool:
        return all(reader.received > number for reader in readers)

    await eventually(received, within_s=20, what="every reader receives the comment")
    times = [(reader.received_at - sent_at) * 1000 for reader in readers]
    return min(times), max(times)


def _resident_kb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"live_readers": measure_live_readers}
