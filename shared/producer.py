"""Sends messages to Kafka: acknowledged by all in-sync replicas, within a bound, or Unavailable."""

import asyncio
from collections.abc import Awaitable, Sequence

import structlog
from aiokafka import AIOKafkaProducer

from shared.errors import InvalidMessage, Unavailable
from shared.events import Message
from shared.kafka import bounded, client_options, contained

_log = structlog.get_logger(__name__)

# The broker's default for message.max.bytes less room for headers; a larger one would poison an idempotent
# producer's sequence, so it is refused before it is handed over (FIELD-NOTES 1.2-A).
MAX_MESSAGE_BYTES = 900_000
SEND_TIMEOUT_S = 12.0
_STOP_TIMEOUT_S = 5.0


class Producer:
    """One connection to Kafka that writes.

    A send that fails or times out is *unknown*: the record may be in the log or may still get there. The client is then
    thrown away and built anew, since aiokafka's idempotent producer cannot recover from a lost batch; the caller sends
    the same event, with the same id, again.
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
        self._client: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def send(self, *messages: Message) -> None:
        """Send in the order given and return when Kafka has all of them.

        Messages of one partition keep their order. Raises InvalidMessage before anything is sent if one is too large,
        Unavailable when not all were acknowledged within `timeout_s`.
        """
        for message in messages:
            check_size(message)
        client = await self._ready()
        try:
            async with bounded(self._timeout_s, "send"):
                acknowledgements = [await _hand_over(client, message) for message in messages]
                await asyncio.gather(*acknowledgements)
        except Unavailable:
            await self._discard(client)
            raise

    async def send_batch(self, topic: str, partition: int, messages: Sequence[Message]) -> int:
        """Send as many of `messages` as one batch holds, to one partition; returns how many went, once acknowledged.

        For callers that collect by partition themselves. Errors as `send`.
        """
        client = await self._ready()
        batch = client.create_batch()
        taken = 0
        for message in messages:
            if (
                batch.append(key=message.key, value=message.value, timestamp=None, headers=list(message.headers))
                is None
            ):
                break
            taken += 1
        try:
            async with bounded(self._timeout_s, "send"):
                await (await client.send_batch(batch, topic, partition=partition))
        except Unavailable:
            await self._discard(client)
            raise
        return taken

    async def _ready(self) -> AIOKafkaProducer:
        if self._client is None:
            async with self._lock:
                if self._client is None:
                    self._client = await self._connect()
        return self._client

    async def _connect(self) -> AIOKafkaProducer:
        client = AIOKafkaProducer(**self._options)
        try:
            async with bounded(self._timeout_s, "connect"):
                await client.start()
        except BaseException:
            await _stop(client)
            raise
        return client

    async def _discard(self, client: AIOKafkaProducer) -> None:
        if self._client is client:
            self._client = None
            _log.warning("producer.rebuilt")
            await _stop(client)

    async def stop(self) -> None:
        """Close the connection, within a bound."""
        client, self._client = self._client, None
        if client is not None:
            await _stop(client)


def check_size(message: Message) -> None:
    """Raises InvalidMessage when Kafka would not take it."""
    size = len(message.key) + len(message.value or b"") + sum(len(name) + len(value) for name, value in message.headers)
    if size > MAX_MESSAGE_BYTES:
        raise InvalidMessage(f"a message of {size} bytes is larger than {MAX_MESSAGE_BYTES}")


async def _hand_over(client: AIOKafkaProducer, message: Message) -> Awaitable[object]:
    acknowledged: Awaitable[object] = await client.send(
        message.topic, message.value, key=message.key, headers=list(message.headers)
    )
    return acknowledged


async def _stop(client: AIOKafkaProducer) -> None:
    # stop() waits for batches that an absent broker never takes (aiokafka issue 1101). Left alone, such a client would
    # deliver them when the broker is back, after newer ones: its sender is ended and its connections are closed.
    error = await contained(client.stop(), _STOP_TIMEOUT_S)
    if error is not None:
        _log.warning("producer.abandoned", reason=repr(error))
        if client._sender._sender_task is not None:
            client._sender._sender_task.cancel()
        await contained(client.client.close(), 1.0)
