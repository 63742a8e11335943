"""LiveTopics readers: who listens to what, and what was said of late. Nothing here knows what the words mean; `live.py` does.

A reader costs a connection and one small object: no task and no queue of its own. What is said is encoded once and the same
bytes are written to everyone; the connection's own buffers, ours and the kernel's, are the queue, and are bounded. So whoever
does not read on is let go and asks again, while the others never wait.
"""

import asyncio
import secrets
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from time import monotonic

import orjson

from services.rendering import metrics

# A comment line as often keeps proxies from closing, and finds peers that are gone without having said so.
PING_EVERY_S = 15
_PING = b": still here\n\n"
# About sixty-four of the longest usual events. Whoever is so far behind is better served by what holds now.
MOST_UNREAD_BYTES = 256 * 1024
# What the kernel takes before that; left alone it takes megabytes for each. Linux counts its own records too, and doubles it.
_KERNEL_BYTES = 64 * 1024
STALLED_S = 10.0
_MOST_KEPT = 1024
_MOST_KEPT_BYTES = 4 * 1024 * 1024

Topic = str


class Listener:
    """One reader's connection. `gone` is done when it is over."""

    __slots__ = ("_stalled_at", "_transport", "beat", "gone", "topics")

    def __init__(self, transport: asyncio.Transport, topics: Sequence[Topic], beat: int) -> None:
        self.topics = topics
        self.beat = beat
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport = transport
        self._stalled_at: float | None = None

    def send(self, said: bytes) -> None:
        """Write it, or let the reader go who has not read what was said before."""
        if self._transport.is_closing():
            self.end()
        elif self._transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self._drop("behind")
        else:
            self._transport.write(said)

    def look(self, now: float) -> None:
        """Let go who has left, or has taken nothing for STALLED_S of what waits for them."""
        if self._transport.is_closing():
            self.end()
        elif not self._transport.get_write_buffer_size():
            self._stalled_at = None
        elif self._stalled_at is None:
            self._stalled_at = now
        elif now - self._stalled_at > STALLED_S:
            self._drop("stalled")

    def close(self) -> None:
        """The gateway ends it: what is written still goes out, unless nobody takes it."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        self.end()

    def end(self) -> None:
        """It is over; the request's handler closes the connection."""
        if not self.gone.done():
            self.gone.set_result(None)

    def _drop(self, reason: str) -> None:
        metrics.LIVE_DROPPED.labels(reason).inc()
        self._transport.abort()
        self.end()


class Broadcaster:
    """All listeners, by what they listen to, and the last events for those who come back.

    An event's id is this gateway's epoch and a number that counts up. After a gap in what the gateway has heard, as after
    its restart, the epoch is another one, and whoever comes back with an older id is told `reset`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._listeners: set[Listener] = set()
        self._by_topic: dict[Topic, set[Listener]] = {}
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._kept: deque[tuple[int, Topic, bytes]] = deque()
        self._kept_bytes = 0
        self._joined = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def has_room(self) -> bool:
        """Whether another reader may listen."""
        return not self._closed and len(self._listeners) < self._most

    def is_heard(self, topic: Topic) -> bool:
        """Whether anyone listens to it."""
        return topic in self._by_topic

    def join(self, transport: asyncio.Transport, topics: Sequence[Topic], greeting: bytes) -> Listener:
        """Greet a reader, and tell them of their topics from now on."""
        self._joined += 1
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
        listener = Listener(transport, topics, self._joined % PING_EVERY_S)
        self._listeners.add(listener)
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(listener)
        listener.send(greeting)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a reader."""
        self._listeners.discard(listener)
        for topic in listener.topics:
            heard = self._by_topic.get(topic, set())
            heard.discard(listener)
            if not heard:
                self._by_topic.pop(topic, None)

    def tell(self, topic: Topic, kind: str, data: object) -> None:
        """Say something to all who listen to a topic, and keep it for those who come back."""
        self._number += 1
        said = self.words(kind, data)
        self._keep(topic, said)
        metrics.LIVE_EVENTS.labels(kind).inc()
        for listener in self._by_topic.get(topic, ()):
            listener.send(said)

    def words(self, kind: str, data: object) -> bytes:
        """An event as it is written; its id is that of the last one told."""
        head = f"id: {self._epoch}-{self._number}\nevent: {kind}\ndata: ".encode()
        return head + orjson.dumps(data) + b"\n\n"

    def _keep(self, topic: Topic, said: bytes) -> None:
        self._kept.append((self._number, topic, said))
        self._kept_bytes += len(said)
        while len(self._kept) > _MOST_KEPT or self._kept_bytes > _MOST_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft()[2])

    def missed(self, last_id: str, topics: Iterable[Topic]) -> list[bytes] | None:
        """What was said on the topics after an event; None where that cannot be known any more."""
        epoch, _, number = last_id.partition("-")
        if epoch != self._epoch or not number.isdecimal() or not self._reaches_back_to(int(number)):
            return None
        wanted = set(topics)
        return [said for at, topic, said in self._kept if at > int(number) and topic in wanted]

    def _reaches_back_to(self, number: int) -> bool:
        oldest = self._kept[0][0] if self._kept else self._number + 1
        return oldest - 1 <= number <= self._number

    def start_over(self) -> None:
        """What was told so far counts no more: something may have been missed. Everyone is told so."""
        self._epoch = secrets.token_hex(4)
        self._kept.clear()
        self._kept_bytes = 0
        said = self.words("reset", {})
        for listener in self._listeners:
            listener.send(said)

    async def run(self) -> None:
        """Look after the connections, a fifteenth of the pings each second, so that no turn of the loop is long."""
        tick = 0
        while True:
            await asyncio.sleep(1.0)
            tick = (tick + 1) % PING_EVERY_S
            now = monotonic()
            for listener in tuple(self._listeners):
                listener.look(now)
                if listener.beat == tick and not listener.gone.done():
                    listener.send(_PING)

    def close(self) -> None:
        """End every stream, and take no other."""
        self._closed = True
        for listener in tuple(self._listeners):
            listener.close()
