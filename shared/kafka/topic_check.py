"""Tells whether an acknowledgement is valid: a broker may acknowledge a record of a topic that it does not have."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaError, ProducerClosed
from aiokafka.structs import TopicPartition

from shared.kafka.quirks import MetadataOnlyRequest, connection_to, is_closed, load_metadata, open_connections

_RETRY_S = 0.05


class TopicCheck:
    """Knows which of a producer's connections lead to a broker that has the topics.

    The embedded broker acknowledges a record of a topic that it does not have yet, and drops it: its topics are created a
    tenth of a second after its start. A connection ends with its broker process, and a process keeps its topics. So this
    check asks for a topic once for each connection. Records are in the log when the connection that knew their topic before
    the send is still open after the answer. No record costs a request.

    Apache Kafka refuses a record of an unknown topic and keeps its log, so it needs no check.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._client: AIOKafkaClient = producer.client
        self._confirmed: dict[tuple[str, int], AIOKafkaConnection] = {}
        self._lock = asyncio.Lock()

    async def wait(self, topics: Iterable[str]) -> frozenset[AIOKafkaConnection]:
        """Wait until the brokers have the topics; returns the connections to their leaders. The caller bounds the wait."""
        connections: set[AIOKafkaConnection] = set()
        for topic in topics:
            connections |= self._known(topic) or await self._query(topic)
        return frozenset(connections)

    def holds(self, connections: frozenset[AIOKafkaConnection]) -> bool:
        """Whether all these connections are still open, so that every answer since `wait` came over them."""
        return connections <= open_connections(self._client)

    def _known(self, topic: str) -> set[AIOKafkaConnection]:
        """The connections to a topic's leaders; none unless each is open and its broker has the topic."""
        found = {self._confirmed.get((topic, leader)) for leader in self._leaders(topic)}
        connections = {connection for connection in found if connection is not None and connection.connected()}
        return connections if len(connections) == len(found) else set()

    def _leaders(self, topic: str) -> set[int]:
        cluster = self._client.cluster
        partitions: set[int] = cluster.partitions_for_topic(topic) or set()
        return {cluster.leader_for_partition(TopicPartition(topic, number)) for number in partitions}

    async def _query(self, topic: str) -> set[AIOKafkaConnection]:
        async with self._lock:
            while not (known := self._known(topic)):
                # An abandoned producer would open a connection that nobody closes.
                if is_closed(self._producer):
                    raise ProducerClosed
                await load_metadata(self._client, topic)
                answers = [await self._confirm(topic, leader) for leader in self._leaders(topic)]
                if not all(answers):
                    await asyncio.sleep(_RETRY_S)
            return known

    async def _confirm(self, topic: str, leader: int) -> bool:
        if not await self._client.ready(leader):
            return False
        connection = connection_to(self._client, leader)
        if not await _has(connection, topic):
            return False
        self._confirmed[topic, leader] = connection
        return True


async def _has(connection: AIOKafkaConnection, topic: str) -> bool:
    # Over the connection itself: the client would replace a lost connection.
    with suppress(KafkaError, TimeoutError):
        answer = await connection.send(MetadataOnlyRequest([topic]))
        return not any(error_code for error_code, *_ in answer.topics)
    return False
