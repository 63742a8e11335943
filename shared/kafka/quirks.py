"""Every use of a private part of aiokafka. `tests/contract/shared/test_quirks.py` fails when an upgrade changes one."""

import asyncio
from collections.abc import Coroutine

import aiokafka.client
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import ProducerClosed
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.metadata import MetadataRequest

# Records and replies wake the fetcher. This is only its pause without any event (0.2 s in aiokafka).
_FETCHER_PAUSE_S = 1.0
_CONSUMER_TASKS = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_reset_committed_task")


class MetadataOnlyRequest(MetadataRequest):
    """A metadata request that never creates a topic.

    A broker may create a topic that a client asks about, with a default number of partitions, and keys then go to other
    partitions. The embedded broker does so for clients that wait for its return. aiokafka has no option against it.
    """

    def __init__(self, topics: list[str] | None = None) -> None:
        super().__init__(topics, allow_auto_topic_creation=False)


aiokafka.client.MetadataRequest = MetadataOnlyRequest  # type: ignore[attr-defined, assignment]


def set_fetch_wait(consumer: AIOKafkaConsumer, wait_ms: int) -> None:
    """Set how long the next fetch waits at the broker: aiokafka reads the value for each request."""
    fetcher = consumer._fetcher
    if fetcher is not None:
        fetcher._fetch_max_wait_ms = wait_ms
        fetcher._fetcher_timeout = _FETCHER_PAUSE_S


def is_connected(admin: AIOKafkaAdminClient) -> bool:
    """Whether every connection of the client is still open, so that its broker has not ended."""
    connections = admin._client._conns.values()
    return bool(connections) and all(connection.connected() for connection in connections)


async def contained(closing: Coroutine[object, object, object], timeout_s: float) -> BaseException | None:
    """Run a closing step of aiokafka in its own task; returns its error, or None.

    While a broker is away, `stop` may raise the CancelledError of an inner task. In the caller's task that would look like
    a cancellation of the caller, and end it silently.
    """
    task = asyncio.ensure_future(closing)
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.wait({task})
    except TimeoutError as error:
        task.cancel()
        return error
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def ensure_leave_request(consumer: AIOKafkaConsumer) -> None:
    """Make `stop` leave the group in generation 0 too.

    The embedded broker counts generations from 0. aiokafka takes 0 for "no generation" and sends no LeaveGroup: the
    partitions would then wait for the session timeout.
    """
    coordinator = consumer._coordinator
    if coordinator is not None and getattr(coordinator, "generation", -1) == 0:
        coordinator.generation = 1


async def is_alone_in_stable_group(consumer: AIOKafkaConsumer) -> bool:
    """Whether the member holds every partition and the coordinator knows of no rebalance."""
    coordinator = consumer._coordinator
    partitions = sum(len(consumer.partitions_for_topic(topic) or ()) for topic in consumer.subscription())
    if coordinator is None or len(consumer.assignment()) < partitions or coordinator._rejoin_needed_fut.done():
        return False
    heartbeat = HeartbeatRequest(coordinator.group_id, coordinator.generation, coordinator.member_id)
    return not (await coordinator._send_req(heartbeat)).error_code


async def take_apart(consumer: AIOKafkaConsumer) -> None:
    """End a consumer's tasks and connections without leaving its group."""
    consumer._closed = True
    for name in _CONSUMER_TASKS:
        task = getattr(consumer._coordinator, name, None)
        if task is not None:
            task.cancel()
    if consumer._fetcher is not None:
        await contained(consumer._fetcher.close(), 1.0)
    await contained(consumer._client.close(), 1.0)


async def take_apart_producer(producer: AIOKafkaProducer) -> None:
    """End a producer's sender and connections, and fail the batches that wait for the broker: `stop` waits for them."""
    if producer._sender._sender_task is not None:
        producer._sender._sender_task.cancel()
    producer._message_accumulator.fail_all(ProducerClosed())
    await contained(producer.client.close(), 1.0)


def is_closed(producer: AIOKafkaProducer) -> bool:
    """Whether the producer was stopped."""
    return bool(producer._closed)


async def load_metadata(client: AIOKafkaClient, topic: str) -> None:
    """Wait until the client knows the topic's partitions and leaders."""
    await client._wait_on_metadata(topic)


def connection_to(client: AIOKafkaClient, node: int) -> AIOKafkaConnection:
    """The client's connection to a broker that is `ready`."""
    connection: AIOKafkaConnection = client._conns[node, ConnectionGroup.DEFAULT]
    return connection


def open_connections(client: AIOKafkaClient) -> set[AIOKafkaConnection]:
    """The client's connections that are open."""
    return {connection for connection in client._conns.values() if connection.connected()}
