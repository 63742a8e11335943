"""The live readers' connections: who follows which topic, and the last events. `topics.py` knows what the events mean.

A reader costs a connection and one small object, no task and no queue. An event is encoded once and the same bytes are written
to every listener. The buffers of the connection, ours and the kernel's, are the queue. They are bounded: a reader who falls
behind is disconnected and connects again; the others never wait.
"""

import asyncio
import secrets
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from operator import itemgetter
from time import monotonic

import orjson

from services.rendering import metrics

# A comment line this often keeps proxies from closing the connection, and detects peers that vanished.
PING_EVERY_S = 15
_PING = b": still here\n\n"
# About 64 of the longest usual events. A reader this far behind is better served by the present content.
MOST_UNREAD_BYTES = 256 * 1024
# What all readers together may be behind. It counts shared events once for each reader, so less memory is held.
MOST_UNREAD_OVERALL_BYTES = 64 * 1024 * 1024
# The kernel's send buffer; by default it grows to megabytes. Linux doubles the value, to include its own bookkeeping.
_KERNEL_BYTES = 64 * 1024
STALLED_S = 10.0
_MOST_HISTORY = 1024
_MOST_HISTORY_BYTES = 4 * 1024 * 1024

TopicName = str


class Listener:
    """One reader's connection. `closed` is done when it has ended. `ping_tick` is its second in the cycle of pings."""

    __slots__ = ("_stalled_since", "_transport", "closed", "ping_tick", "topics")

    def __init__(self, transport: asyncio.Transport, topics: Sequence[TopicName], ping_tick: int) -> None:
        self.topics = topics
        self.ping_tick = ping_tick
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport = transport
        self._stalled_since: float | None = None

    @property
    def unread_bytes(self) -> int:
        """The bytes that wait in our buffer."""
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def greet(self, parts: Sequence[bytes]) -> None:
        """Write the first bytes of the stream. The parts are not joined: replayed events are shared with other readers."""
        self._transport.writelines(parts)

    def send(self, event: bytes) -> None:
        """Write an event; disconnect the reader instead if too much is still unread."""
        if self._transport.is_closing():
            self.end()
        elif self._transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.drop("behind")
        else:
            self._transport.write(event)

    def check(self, now: float) -> None:
        """End a closed connection; disconnect a reader who has not emptied our buffer for STALLED_S."""
        if self._transport.is_closing():
            self.end()
        elif not self._transport.get_write_buffer_size():
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = now
        elif now - self._stalled_since > STALLED_S:
            self.drop("stalled")

    def close(self) -> None:
        """End the stream. Unread bytes are discarded."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        self.end()

    def end(self) -> None:
        """Mark the stream as ended; the request's handler closes the connection."""
        if not self.closed.done():
            self.closed.set_result(None)

    def drop(self, reason: str) -> None:
        """Disconnect the reader. Unread bytes are discarded."""
        metrics.LIVE_DROPPED.labels(reason).inc()
        self._transport.abort()
        self.end()


class Broadcaster:
    """All listeners by topic, and the last events for readers who reconnect.

    An event id is this gateway's epoch and an increasing number. A restart or a gap in the log starts a new epoch: a reader
    who reconnects with an id of an older epoch gets `reset`.
    """

    def __init__(self, most_listeners: int) -> None:
        self._most_listeners = most_listeners
        self._listeners: set[Listener] = set()
        self._by_topic: dict[TopicName, set[Listener]] = {}
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._history: deque[tuple[int, TopicName, bytes]] = deque()
        self._history_bytes = 0
        self._joined = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def has_room(self) -> bool:
        """Whether another listener may join."""
        return not self._closed and len(self._listeners) < self._most_listeners

    def has_listeners(self, topic: TopicName) -> bool:
        """Whether the topic has listeners."""
        return topic in self._by_topic

    def join(self, transport: asyncio.Transport, topics: Sequence[TopicName], *greeting: bytes) -> Listener:
        """Send a reader the greeting, and from now on the events of the topics."""
        self._joined += 1
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
        listener = Listener(transport, topics, self._joined % PING_EVERY_S)
        self._listeners.add(listener)
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(listener)
        listener.greet(greeting)
        return listener

    def leave(self, listener: Listener) -> None:
        """Remove a listener."""
        self._listeners.discard(listener)
        for topic in listener.topics:
            listeners = self._by_topic.get(topic, set())
            listeners.discard(listener)
            if not listeners:
                self._by_topic.pop(topic, None)

    def publish(self, topic: TopicName, kind: str, data: object) -> None:
        """Send an event to all listeners of a topic, and keep it for readers who reconnect."""
        self._number += 1
        event = self.encode(kind, data)
        self._keep(topic, event)
        metrics.LIVE_EVENTS.labels(kind).inc()
        for listener in self._by_topic.get(topic, ()):
            listener.send(event)

    def encode(self, kind: str, data: object) -> bytes:
        """An event in wire format. Its id is that of the last published event."""
        head = f"id: {self._epoch}-{self._number}\nevent: {kind}\ndata: ".encode()
        return head + orjson.dumps(data) + b"\n\n"

    def _keep(self, topic: TopicName, event: bytes) -> None:
        self._history.append((self._number, topic, event))
        self._history_bytes += len(event)
        while len(self._history) > _MOST_HISTORY or self._history_bytes > _MOST_HISTORY_BYTES:
            self._history_bytes -= len(self._history.popleft()[2])

    def events_since(self, last_id: str, topics: Iterable[TopicName]) -> list[bytes] | None:
        """The events of the topics after an event id, the same objects for every reader.

        None when the history does not reach back to it, or when they are more than a reader may be behind.
        """
        epoch, _, number = last_id.partition("-")
        if epoch != self._epoch or not number.isdecimal() or not self._reaches_back_to(int(number)):
            return None
        followed = set(topics)
        missed = [event for at, topic, event in self._history if at > int(number) and topic in followed]
        return missed if sum(map(len, missed)) <= MOST_UNREAD_BYTES else None

    def _reaches_back_to(self, number: int) -> bool:
        oldest = self._history[0][0] if self._history else self._number + 1
        return oldest - 1 <= number <= self._number

    def reset(self) -> None:
        """Events may have been missed: drop the history, start a new epoch, send `reset` to every listener."""
        self._epoch = secrets.token_hex(4)
        self._history.clear()
        self._history_bytes = 0
        event = self.encode("reset", {})
        for listener in self._listeners:
            listener.send(event)

    async def run(self) -> None:
        """Check the connections each second, and ping a fifteenth of them, so that no turn of the loop is long."""
        tick = 0
        while True:
            await asyncio.sleep(1.0)
            tick = (tick + 1) % PING_EVERY_S
            now = monotonic()
            for listener in tuple(self._listeners):
                listener.check(now)
                if listener.ping_tick == tick and not listener.closed.done():
                    listener.send(_PING)
            self.bound_unread()

    def bound_unread(self) -> None:
        """Disconnect the readers who are farthest behind, until all together are within MOST_UNREAD_OVERALL_BYTES."""
        behind = [(listener.unread_bytes, listener) for listener in self._listeners]
        overall = sum(unread for unread, _ in behind)
        if overall <= MOST_UNREAD_OVERALL_BYTES:
            return
        for unread, listener in sorted(behind, key=itemgetter(0), reverse=True):
            listener.drop("overall")
            overall -= unread
            if overall <= MOST_UNREAD_OVERALL_BYTES:
                return

    def close(self) -> None:
        """End every stream and accept no more."""
        self._closed = True
        for listener in tuple(self._listeners):
            listener.close()
