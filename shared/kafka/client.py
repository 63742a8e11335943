"""What producer, consumers and tails have in common: addresses, the log's identity, and how Kafka's errors are named.

The only modules that import aiokafka are this one, `producer`, `topic_check`, `group`, `tail` and `topics`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import lru_cache
from time import monotonic
from typing import Any

import aiokafka.client
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.structs import ConsumerRecord

from shared.errors import Unavailable
from shared.events import Record
from shared.kafka.addresses import kafka_options
from shared.kafka.quirks import is_connected

_log = structlog.get_logger(__name__)

REQUEST_TIMEOUT_S = 5.0
_STOP_S = 5.0
_BACKOFF_MS = 250
_ASK_EVERY_S = 1.0
_ASK_AT_REST_EVERY_S = 10.0


class QuietRequest(MetadataRequest):
    """Asked about a topic that is not there, a broker may make it, with a number of partitions of its own choice: the embedded
    one does so for clients that were waiting for it to come back, and keys then go astray. aiokafka has no option against it."""

    def __init__(self, topics: list[str] | None = None) -> None:
        super().__init__(topics, allow_auto_topic_creation=False)


aiokafka.client.MetadataRequest = QuietRequest  # type: ignore[attr-defined, assignment]


class LogIdentity:
    """Tells one log from the next: the Kafka cluster's id.

    aiokafka sees no topic ids, so a broker that came back empty looks like the one before, with smaller offsets. The
    embedded broker takes a fresh cluster id at each start; a real cluster keeps its own for life. Asking *after* a batch
    was fetched and before it is applied makes the answer sound: clusters only move forward, so a batch fetched before an
    answer X came from X or from a log before it, and the reader that has adopted X has dropped what it held before.
    It talks over a connection of its own, since a broker answers a connection in order, and a fetch may wait there.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin: AIOKafkaAdminClient | None = None
        self._lock = asyncio.Lock()
        self._answered_at = float("-inf")

    async def current(self) -> str:
        """The cluster's id now. Raises Unavailable within REQUEST_TIMEOUT_S when Kafka does not answer."""
        found = str((await self._ask("the cluster's id", AIOKafkaAdminClient.describe_cluster))["cluster_id"])
        self._answered_at = monotonic()
        return found

    def is_due(self, *, at_rest: bool) -> bool:
        """Whether to ask again although nothing was fetched.

        Once a second. At rest an open connection stands in for most answers: a broker that was replaced has closed it. Never
        enough for records that were fetched: the news of its end may come after them.
        """
        every_s = _ASK_AT_REST_EVERY_S if at_rest and self._is_connected() else _ASK_EVERY_S
        return monotonic() - self._answered_at > every_s

    def _is_connected(self) -> bool:
        return self._admin is not None and is_connected(self._admin)

    async def _ask(self, what: str, ask: Callable[[AIOKafkaAdminClient], Awaitable[Any]]) -> Any:
        async with self._lock:
            try:
                async with bounded(REQUEST_TIMEOUT_S, what):
                    return await ask(self._admin or await self._connect())
            except Unavailable:
                await self._drop()
                raise

    async def _connect(self) -> AIOKafkaAdminClient:
        admin = AIOKafkaAdminClient(**kafka_options(self._bootstrap), request_timeout_ms=4000)
        try:
            await admin.start()
        except BaseException:
            await _close_admin(admin)
            raise
        self._admin = admin
        return admin

    async def _drop(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            await _close_admin(admin)

    async def close(self) -> None:
        """Close the connection."""
        await self._drop()


async def _close_admin(admin: AIOKafkaAdminClient) -> None:
    # What cannot be closed in time is left: it holds one socket and does nothing of its own.
    await contained(admin.close(), _STOP_S)


async def contained(closing: Coroutine[object, object, object], timeout_s: float) -> BaseException | None:
    """Run a closing step of aiokafka in a task of its own; what went wrong with it, or None.

    While a broker is away, `stop` may raise the CancelledError of an inner task, which would look to the caller's task as
    if it had been cancelled itself, and end it without a word.
    """
    task = asyncio.ensure_future(closing)
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.wait({task})
    except TimeoutError as error:
        task.cancel()
        return error
    return asyncio.CancelledError() if task.cancelled() else task.exception()


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Close a consumer within a bound. One that hangs, since its broker is away, is taken apart: left alone it would go on
    looking for the broker, and fetch when that is back (FIELD-NOTES 1.1, aiokafka 659 and 773)."""
    coordinator = consumer._coordinator
    if coordinator is not None and getattr(coordinator, "generation", -1) == 0:
        # The embedded broker counts generations from 0, which aiokafka takes for none, and would leave without a word:
        # its partitions would then stand still for a session's time-out.
        coordinator.generation = 1
    error = await contained(consumer.stop(), _STOP_S)
    if error is not None:
        _log.warning("consumer.abandoned", reason=repr(error))
        await take_apart(consumer)


async def take_apart(consumer: AIOKafkaConsumer) -> None:
    """End a consumer's tasks and connections without a word to its group."""
    consumer._closed = True
    coordinator = consumer._coordinator
    for name in ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_reset_committed_task"):
        task = getattr(coordinator, name, None)
        if task is not None:
            task.cancel()
    if consumer._fetcher is not None:
        await contained(consumer._fetcher.close(), 1.0)
    await contained(consumer._client.close(), 1.0)


@asynccontextmanager
async def bounded(timeout_s: float, what: str) -> AsyncIterator[None]:
    """Bound a wait on Kafka; a time-out or an error of the client comes out as Unavailable."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as error:
        raise Unavailable(f"Kafka: {what}: no answer within {timeout_s:g} s") from error
    except (KafkaError, OSError, LookupError) as error:
        raise Unavailable(f"Kafka: {what}: {error!r}") from error


def as_record(found: "ConsumerRecord[bytes | None, bytes | None]") -> Record:
    """aiokafka's record as ours."""
    # Headers are taken as they are, a tuple of (str, bytes): to look at each would double what a view costs its consumer.
    return Record(
        found.topic, found.partition, found.offset, found.key or b"", found.value, tuple(found.headers), found.timestamp
    )


def client_options(bootstrap: str) -> dict[str, object]:
    """What every client is given."""
    return {
        **kafka_options(bootstrap),
        "retry_backoff_ms": _BACKOFF_MS,
        "metadata_max_age_ms": 30_000,
    }


@lru_cache(65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's own partitioner (murmur2, as in the Java client) gives a key."""
    return (int(murmur2(key)) & 0x7FFFFFFF) % partitions
