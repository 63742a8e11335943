"""LiveTopics readers who do not read on, over real connections; the clock is told."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from services.rendering.gateway.live.broadcaster import MOST_UNREAD_BYTES, STALLED_S, Broadcaster, Listener
from tests.support.polling import PATIENCE_S

Join = Callable[[Broadcaster], Awaitable[tuple[Listener, socket.socket]]]
# More than the two ends of a loopback connection hold between them.
_MUCH = b"x" * 8_000_000


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    """Gives a hub another reader, and their end of the connection."""
    async with AsyncExitStack() as open_ones:

        async def joined(hub: Broadcaster) -> tuple[Listener, socket.socket]:
            ours, theirs = socket.socketpair()
            transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
            open_ones.callback(transport.abort)
            open_ones.callback(theirs.close)
            ours.setblocking(False)
            theirs.settimeout(PATIENCE_S)
            return hub.join(transport, ["front"], b"hello\n\n"), theirs

        yield joined


async def test_a_reader_who_takes_nothing_for_ten_seconds_is_let_go_and_the_others_are_told_on(join: Join) -> None:
    hub = Broadcaster(2)
    (stalled, _), (reads, their_end) = await join(hub), await join(hub)
    stalled.send(_MUCH)

    stalled.look(100.0)
    stalled.look(100.0 + STALLED_S)
    assert not stalled.gone.done()
    stalled.look(100.1 + STALLED_S)
    assert stalled.gone.done()
    hub.tell("front", "front", {"ids": ["new"]})
    await asyncio.sleep(0)

    assert not reads.gone.done()
    assert b'{"ids":["new"]}' in their_end.recv(1000)


async def test_a_reader_who_is_slow_but_takes_all_in_the_end_is_kept(join: Join) -> None:
    slow, their_end = await join(Broadcaster(1))
    slow.send(_MUCH)
    slow.look(100.0)

    taken = 0
    while taken < len(_MUCH):
        taken += len(await asyncio.to_thread(their_end.recv, 1 << 20))
    await asyncio.sleep(0)
    slow.look(109.0)
    slow.send(_MUCH)
    slow.look(109.5)
    slow.look(100.1 + STALLED_S)

    assert not slow.gone.done()


async def test_a_reader_who_reads_nothing_costs_little_more_than_what_may_be_unread() -> None:
    async with a_connection() as (transport, _):
        stalled = Broadcaster(1).join(transport, ["front"], b"hello\n\n")
        said, piece = 0, b"x" * 10_000
        while not stalled.gone.done() and said < 100 * MOST_UNREAD_BYTES:
            stalled.send(piece)
            said += len(piece)
            await asyncio.sleep(0)

    assert MOST_UNREAD_BYTES < said < 3 * MOST_UNREAD_BYTES


@asynccontextmanager
async def a_connection() -> AsyncIterator[tuple[asyncio.Transport, socket.socket]]:
    """A gateway's end of a TCP connection, and the end of a reader whose kernel keeps as little as it may."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(server.getsockname())
        ours, _ = server.accept()
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        yield transport, theirs
        transport.abort()
