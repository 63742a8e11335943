"""Shared by producers, consumers and tails: connection options, the log's identity, bounded waits, records."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from time import monotonic
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord

from shared.addresses import kafka_options
from shared.errors import Unavailable
from shared.events import Record
from shared.kafka.quirks import contained, ensure_leave_request, is_connected, take_apart

_log = structlog.get_logger(__name__)

REQUEST_TIMEOUT_S = 5.0
_STOP_S = 5.0
_BACKOFF_MS = 250
_CHECK_EVERY_S = 1.0
_CHECK_AT_REST_EVERY_S = 10.0


class LogIdentity:
    """The identity of a log: the Kafka cluster's id.

    aiokafka sees no topic ids, so a broker that restarted empty looks like the old one with smaller offsets. The embedded
    broker takes a new cluster id at each start; a real cluster keeps its id. Ask *after* a batch was fetched and before it
    is applied: a cluster id never comes back, so a batch fetched before an answer X is from log X or from an earlier one,
    and a reader that adopted X has dropped all earlier records.
    The identity has its own connection, since a broker answers a connection in order and a fetch may wait there.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin: AIOKafkaAdminClient | None = None
        self._lock = asyncio.Lock()
        self._answered_at = float("-inf")

    async def current(self) -> str:
        """The cluster's id now. Raises Unavailable within REQUEST_TIMEOUT_S when Kafka does not answer."""
        cluster = await self._query("the cluster's id", AIOKafkaAdminClient.describe_cluster)
        self._answered_at = monotonic()
        return str(cluster["cluster_id"])

    def is_due(self, *, at_rest: bool) -> bool:
        """Whether to check the identity again although nothing was fetched.

        Once a second. At rest an open connection replaces most checks: a broker that ends closes it. Fetched records always
        need a check, since they may arrive before the close.
        """
        every_s = _CHECK_AT_REST_EVERY_S if at_rest and self._is_connected() else _CHECK_EVERY_S
        return monotonic() - self._answered_at > every_s

    def _is_connected(self) -> bool:
        return self._admin is not None and is_connected(self._admin)

    async def _query(self, what: str, query: Callable[[AIOKafkaAdminClient], Awaitable[Any]]) -> Any:
        async with self._lock:
            try:
                async with bounded(REQUEST_TIMEOUT_S, what):
                    return await query(self._admin or await self._connect())
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
    # A client that does not close in time is left alone: it holds one socket and runs no task.
    await contained(admin.close(), _STOP_S)


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Leave the group and close, within a bound.

    While its broker is away, `stop` hangs; the consumer would go on looking for the broker, and fetch when that is back
    (`docs/ARCHITECTURE.md` 4.1, aiokafka 659 and 773). So it is taken apart.
    """
    ensure_leave_request(consumer)
    error = await contained(consumer.stop(), _STOP_S)
    if error is not None:
        _log.warning("consumer.abandoned", reason=repr(error))
        await take_apart(consumer)


@asynccontextmanager
async def bounded(timeout_s: float, what: str) -> AsyncIterator[None]:
    """Bound a wait on Kafka. A timeout or a client error is raised as Unavailable."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as error:
        raise Unavailable(f"Kafka: {what}: no answer within {timeout_s:g} s") from error
    except (KafkaError, OSError, LookupError) as error:
        raise Unavailable(f"Kafka: {what}: {error!r}") from error


def as_record(found: "ConsumerRecord[bytes | None, bytes | None]") -> Record:
    """Convert a record of aiokafka."""
    # Headers are already a tuple of (str, bytes). A check of each would double the cost of a view.
    return Record(
        found.topic, found.partition, found.offset, found.key or b"", found.value, tuple(found.headers), found.timestamp
    )


def client_options(bootstrap: str) -> dict[str, object]:
    """Options of every client."""
    return {
        **kafka_options(bootstrap),
        "retry_backoff_ms": _BACKOFF_MS,
        "metadata_max_age_ms": 30_000,
    }


@lru_cache(65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key by Kafka's default partitioner (murmur2, as in the Java client)."""
    return (int(murmur2(key)) & 0x7FFFFFFF) % partitions
