"""Sends messages to Kafka: acknowledged by all in-sync replicas, within a bound, or Unavailable."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.errors import InvalidMessage, Unavailable
from shared.events import Message
from shared.kafka.client import bounded, client_options
from shared.kafka.quirks import contained, take_apart_producer
from shared.kafka.topic_check import TopicCheck

_log = structlog.get_logger(__name__)
Sent = TypeVar("Sent")

# The broker's default for message.max.bytes, less room for headers. A larger message would break an idempotent
# producer's sequence, so it is refused before aiokafka gets it (`docs/ARCHITECTURE.md` 4.2).
MAX_MESSAGE_BYTES = 900_000
SEND_TIMEOUT_S = 12.0
_STOP_TIMEOUT_S = 5.0


class Producer:
    """One writing connection to Kafka.

    The result of a send that fails or times out is *unknown*: the record may be in the log or may arrive later. The client
    is then rebuilt, since aiokafka's idempotent producer cannot recover from a lost batch. The caller sends the same event,
    with the same id, again.

    Without `idempotence`, as on the embedded broker, an acknowledgement is valid only from a broker that had the topics
    before the send (TopicCheck). Otherwise the same messages are sent again, within the same bound.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        idempotence: bool,
        linger_ms: int = 0,
        batch_bytes: int = 16_384,
        timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:
        self._timeout_s = timeout_s
        self._options = client_options(bootstrap) | {
            "acks": "all",
            "enable_idempotence": idempotence,
            "linger_ms": linger_ms,
            "max_batch_size": batch_bytes,
            "request_timeout_ms": 10_000,
            "max_request_size": 1_000_000,
        }
        self._checks = not idempotence
        self._client: _Client | None = None
        self._lock = asyncio.Lock()

    async def send(self, *messages: Message) -> None:
        """Send in the order given; return when Kafka has acknowledged all.

        Messages of one partition keep their order. Raises InvalidMessage before the first send if a message is too large,
        Unavailable when not all are acknowledged within `timeout_s`.
        """
        for message in messages:
            check_size(message)

        async def send(client: AIOKafkaProducer) -> None:
            acknowledgements = [await _enqueue(client, message) for message in messages]
            await asyncio.gather(*acknowledgements)

        await self._send({message.topic for message in messages}, send)

    async def send_batch(self, topic: str, partition: int, messages: Sequence[Message]) -> int:
        """Send as many of `messages` as fit into one batch, to one partition; returns their number, once acknowledged.

        For callers that collect by partition. Errors as `send`.
        """

        async def send(client: AIOKafkaProducer) -> int:
            batch, taken = _fill(client, messages)
            await (await client.send_batch(batch, topic, partition=partition))
            return taken

        return await self._send({topic}, send)

    async def _send(self, topics: set[str], send: Callable[[AIOKafkaProducer], Awaitable[Sent]]) -> Sent:
        client = await self._ready()
        try:
            async with bounded(self._timeout_s, "send"):
                return await self._send_until_valid(client, topics, send)
        except Unavailable:
            await self._discard(client)
            raise

    async def _send_until_valid(
        self, client: "_Client", topics: set[str], send: Callable[[AIOKafkaProducer], Awaitable[Sent]]
    ) -> Sent:
        while True:
            connections = await client.check.wait(topics) if self._checks else frozenset()
            sent = await send(client.kafka)
            if client.check.holds(connections):
                return sent
            _log.warning(
                "producer.send_repeated", topics=sorted(topics), reason="the broker was replaced during the send"
            )

    async def _ready(self) -> "_Client":
        if self._client is None:
            async with self._lock:
                if self._client is None:
                    self._client = await self._connect()
        return self._client

    async def _connect(self) -> "_Client":
        client = AIOKafkaProducer(**self._options)
        try:
            async with bounded(self._timeout_s, "connect"):
                await client.start()
        except BaseException:
            await _stop(client)
            raise
        return _Client(client, TopicCheck(client))

    async def _discard(self, client: "_Client") -> None:
        if self._client is client:
            self._client = None
            _log.warning("producer.rebuilt")
            await _stop(client.kafka)

    async def stop(self) -> None:
        """Close the connection, within a bound."""
        client, self._client = self._client, None
        if client is not None:
            await _stop(client.kafka)


@dataclass(frozen=True)
class _Client:
    """aiokafka's producer, with the topic check of its connections."""

    kafka: AIOKafkaProducer
    check: TopicCheck


def check_size(message: Message) -> None:
    """Raise InvalidMessage when the message is too large for Kafka."""
    size = len(message.key) + len(message.value or b"") + sum(len(name) + len(value) for name, value in message.headers)
    if size > MAX_MESSAGE_BYTES:
        raise InvalidMessage(f"a message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")


def _fill(client: AIOKafkaProducer, messages: Sequence[Message]) -> tuple[BatchBuilder, int]:
    """A batch of the first messages, and their number."""
    batch = client.create_batch()
    for taken, message in enumerate(messages):
        added = batch.append(key=message.key, value=message.value, timestamp=None, headers=list(message.headers))
        if added is None:
            return batch, taken
    return batch, len(messages)


async def _enqueue(client: AIOKafkaProducer, message: Message) -> Awaitable[object]:
    acknowledged: Awaitable[object] = await client.send(
        message.topic, message.value, key=message.key, headers=list(message.headers)
    )
    return acknowledged


async def _stop(client: AIOKafkaProducer) -> None:
    # stop() waits for batches that an absent broker never takes (aiokafka issue 1101). The client would deliver them when the
    # broker is back, after newer ones: end it.
    error = await contained(client.stop(), _STOP_TIMEOUT_S)
    if error is not None:
        _log.warning("producer.abandoned", reason=repr(error))
        await take_apart_producer(client)
