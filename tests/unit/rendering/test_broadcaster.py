"""Live readers that stop reading, over real connections. Time is passed in."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from services.rendering.gateway.live import broadcaster as live
from services.rendering.gateway.live.broadcaster import MOST_UNREAD_BYTES, STALLED_S, Broadcaster, Listener
from tests.support.polling import PATIENCE_S

Join = Callable[[Broadcaster], Awaitable[tuple[Listener, socket.socket]]]
# More than both ends of a loopback connection buffer.
_OVERFLOW = b"x" * 8_000_000


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    """A function that joins a reader to a broadcaster and returns the reader's end of the connection too."""
    async with AsyncExitStack() as stack:

        async def joined(broadcaster: Broadcaster) -> tuple[Listener, socket.socket]:
            ours, theirs = socket.socketpair()
            transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
            stack.callback(transport.abort)
            stack.callback(theirs.close)
            ours.setblocking(False)
            theirs.settimeout(PATIENCE_S)
            return broadcaster.join(transport, ["front"], b"hello\n\n"), theirs

        yield joined


async def test_reader_stalled_for_ten_seconds_is_dropped_and_others_continue(join: Join) -> None:
    broadcaster = Broadcaster(2)
    (stalled, _), (reads, their_end) = await join(broadcaster), await join(broadcaster)
    stalled.send(_OVERFLOW)

    stalled.check(100.0)
    stalled.check(100.0 + STALLED_S)
    assert not stalled.closed.done()
    stalled.check(100.1 + STALLED_S)
    assert stalled.closed.done()
    broadcaster.publish("front", "front", {"ids": ["new"]})
    await asyncio.sleep(0)

    assert not reads.closed.done()
    assert b'{"ids":["new"]}' in their_end.recv(1000)


async def test_slow_reader_that_catches_up_is_kept(join: Join) -> None:
    slow, their_end = await join(Broadcaster(1))
    slow.send(_OVERFLOW)
    slow.check(100.0)

    taken = 0
    while taken < len(_OVERFLOW):
        taken += len(await asyncio.to_thread(their_end.recv, 1 << 20))
    await asyncio.sleep(0)
    slow.check(109.0)
    slow.send(_OVERFLOW)
    slow.check(109.5)
    slow.check(100.1 + STALLED_S)

    assert not slow.closed.done()


async def test_reader_that_reads_nothing_is_dropped_near_the_unread_limit() -> None:
    async with a_connection() as (transport, _):
        stalled = Broadcaster(1).join(transport, ["front"], b"hello\n\n")
        sent, piece = 0, b"x" * 10_000
        while not stalled.closed.done() and sent < 100 * MOST_UNREAD_BYTES:
            stalled.send(piece)
            sent += len(piece)
            await asyncio.sleep(0)

    assert MOST_UNREAD_BYTES < sent < 3 * MOST_UNREAD_BYTES


def test_replay_is_shared_between_readers_and_within_what_a_reader_may_be_behind() -> None:
    broadcaster = Broadcaster(1)
    start = broadcaster.encode("front", {}).split(b"\n")[0].removeprefix(b"id: ").decode()
    piece = "x" * (MOST_UNREAD_BYTES // 8)
    for _ in range(7):
        broadcaster.publish("front", "front", piece)
    one, other = broadcaster.events_since(start, ["front"]), broadcaster.events_since(start, ["front"])
    assert one is not None
    assert other is not None
    assert len(one) == 7
    assert all(mine is theirs for mine, theirs in zip(one, other, strict=True))

    broadcaster.publish("front", "front", piece)

    assert broadcaster.events_since(start, ["front"]) is None
    assert broadcaster.events_since(start, ["article:other"]) == []


async def test_reader_farthest_behind_is_dropped_when_all_together_are_too_far(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcaster = Broadcaster(3)
    (far, _), (near, _), (reads, _) = [await join(broadcaster) for _ in range(3)]
    far.send(_OVERFLOW * 2)
    near.send(_OVERFLOW)
    unread = far.unread_bytes + near.unread_bytes

    monkeypatch.setattr(live, "MOST_UNREAD_OVERALL_BYTES", unread)
    broadcaster.bound_unread()
    assert not far.closed.done()
    monkeypatch.setattr(live, "MOST_UNREAD_OVERALL_BYTES", unread - 1)
    broadcaster.bound_unread()

    assert [reader.closed.done() for reader in (far, near, reads)] == [True, False, False]


@asynccontextmanager
async def a_connection() -> AsyncIterator[tuple[asyncio.Transport, socket.socket]]:
    """Both ends of a TCP connection; the reader's end has the smallest receive buffer."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(server.getsockname())
        ours, _ = server.accept()
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        yield transport, theirs
        transport.abort()
