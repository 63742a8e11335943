"""Live readers who do not read on, over real connections; the clock is told."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from services.rendering.streams import STALLED_S, Hub, Listener

Join = Callable[[Hub], Awaitable[tuple[Listener, socket.socket]]]
# More than the two ends of a loopback connection hold between them.
_MUCH = b"x" * 8_000_000


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    """Gives a hub another reader, and their end of the connection."""
    async with AsyncExitStack() as open_ones:

        async def joined(hub: Hub) -> tuple[Listener, socket.socket]:
            ours, theirs = socket.socketpair()
            transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
            open_ones.callback(transport.abort)
            open_ones.callback(theirs.close)
            ours.setblocking(False)
            theirs.settimeout(5)
            return hub.join(transport, ["front"], b"hello\n\n"), theirs

        yield joined


async def test_a_reader_who_takes_nothing_for_ten_seconds_is_let_go_and_the_others_are_told_on(join: Join) -> None:
    hub = Hub(2)
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
    slow, their_end = await join(Hub(1))
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
