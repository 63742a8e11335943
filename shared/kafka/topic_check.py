"""Whether an acknowledgement is worth something: a broker may acknowledge a record of a topic that it does not have."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaError, ProducerClosed
from aiokafka.structs import TopicPartition

from shared.kafka.client import QuietRequest

_ASK_EVERY_S = 0.05


class TopicCheck:
    """Which connections of a producer's client lead to a broker that has the topics.

    The embedded broker acknowledges a record of a topic that it does not have yet, and forgets it: its topics come a tenth of
    a second after its start. A connection ends with the process behind it, and the process keeps its cluster id and its topics
    for life. So a topic is asked for once over each connection, and records are in the log when the connection that saw
    their topic before the send is still there after the answer: no record costs a request.

    Apache Kafka refuses a record of an unknown topic, and its log is not replaced: no check is needed there.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._client: AIOKafkaClient = producer.client
        self._saw: dict[tuple[str, int], AIOKafkaConnection] = {}
        self._asking = asyncio.Lock()

    async def wait(self, topics: Iterable[str]) -> frozenset[AIOKafkaConnection]:
        """Wait until the brokers have the topics; the connections to their leaders. The caller bounds the wait."""
        connections: set[AIOKafkaConnection] = set()
        for topic in topics:
            connections |= self._known(topic) or await self._ask(topic)
        return frozenset(connections)

    def holds(self, connections: frozenset[AIOKafkaConnection]) -> bool:
        """Whether all these connections are still in use: answers that came meanwhile came over them."""
        return connections <= {connection for connection in self._client._conns.values() if connection.connected()}

    def _known(self, topic: str) -> set[AIOKafkaConnection]:
        """The connections to a topic's leaders; none unless each of them has seen the topic and is there."""
        found = {self._saw.get((topic, leader)) for leader in self._leaders(topic)}
        connections = {connection for connection in found if connection is not None and connection.connected()}
        return connections if len(connections) == len(found) else set()

    def _leaders(self, topic: str) -> set[int]:
        cluster = self._client.cluster
        partitions: set[int] = cluster.partitions_for_topic(topic) or set()
        return {cluster.leader_for_partition(TopicPartition(topic, number)) for number in partitions}

    async def _ask(self, topic: str) -> set[AIOKafkaConnection]:
        async with self._asking:
            while not (known := self._known(topic)):
                # A producer that was given up would connect once more, and nobody would close that connection.
                if self._producer._closed:
                    raise ProducerClosed
                await self._client._wait_on_metadata(topic)
                saw = [await self._look(topic, leader) for leader in self._leaders(topic)]
                if not all(saw):
                    await asyncio.sleep(_ASK_EVERY_S)
            return known

    async def _look(self, topic: str, leader: int) -> bool:
        if not await self._client.ready(leader):
            return False
        connection = self._client._conns[leader, ConnectionGroup.DEFAULT]
        if not await _has(connection, topic):
            return False
        self._saw[topic, leader] = connection
        return True


async def _has(connection: AIOKafkaConnection, topic: str) -> bool:
    # Over the connection itself: the client would open another one when this one is lost.
    with suppress(KafkaError, TimeoutError):
        answer = await connection.send(QuietRequest([topic]))
        return not any(error_code for error_code, *_ in answer.topics)
    return False
