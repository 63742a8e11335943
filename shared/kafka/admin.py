"""Brings a Kafka cluster into line with the table of topics (`shared/topics.py`). `world-monitor topics` calls it.

The number of partitions is never changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.addresses import kafka_options
from shared.errors import Unavailable
from shared.kafka.client import bounded, client_options, stop_consumer
from shared.topics import TOPICS, Topic

_REQUEST_TIMEOUT_MS = 10_000
# Kafka's number for the end of the partition.
_UP_TO_THE_NEWEST = -1
_LOOK_MS = 2000


async def create_topics(bootstrap: str, *, replication: int = 1) -> list[str]:
    """Create the missing topics; returns their names. Raises Unavailable when Kafka does not answer."""
    async with _Admin(bootstrap) as admin:
        existing = set(await admin.list_topics())
        missing = [topic for topic in TOPICS if topic.name not in existing]
        if missing:
            await _create(admin, missing, replication)
        return [topic.name for topic in missing]


async def _create(admin: AIOKafkaAdminClient, missing: Sequence[Topic], replication: int) -> None:
    wanted = [
        NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.config)) for topic in missing
    ]
    answer: Any = await admin.create_topics(wanted)
    for name, code, *rest in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise Unavailable(f"topic {name} was not created: {error.__name__} {rest}")


async def correct_topics(bootstrap: str) -> list[str]:
    """Set the configuration of the table on topics that differ; returns one sentence for each changed setting.

    Settings that are not in the table return to the broker's default. Raises Unavailable.
    """
    corrected = []
    async with _Admin(bootstrap) as admin:
        for topic in TOPICS:
            if drift := _config_drift(topic, await _config(admin, topic.name)):
                await _configure(admin, topic)
                corrected += drift
    return corrected


async def _configure(admin: AIOKafkaAdminClient, topic: Topic) -> None:
    wanted = ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.config))
    answers: list[Any] = await admin.alter_configs([wanted])
    for code, message, *_ in (resource for answer in answers for resource in answer.resources):
        if code:
            raise Unavailable(f"topic {topic.name} was not configured: {for_code(code).__name__} {message}")


async def empty_topic(bootstrap: str, topic: Topic) -> None:
    """Delete every record that a topic has now. Raises Unavailable when some may be left.

    The embedded broker cannot delete records. There, a topic without records passes.
    """
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    try:
        async with _Admin(bootstrap) as admin:
            await admin.delete_records(dict.fromkeys(partitions, RecordsToDelete(_UP_TO_THE_NEWEST)))
    except Unavailable as error:
        if await _has_records(bootstrap, partitions):
            raise Unavailable(f"{topic.name} still has records: {error}") from error


async def _has_records(bootstrap: str, partitions: Sequence[TopicPartition]) -> bool:
    consumer = AIOKafkaConsumer(**client_options(bootstrap), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        async with bounded(_REQUEST_TIMEOUT_MS / 1000, "records of a topic"):
            await consumer.start()
            consumer.assign(partitions)
            # Its end is no proof on the embedded broker (docs/EMBEDDED.md): so look for a record.
            return bool(await consumer.getmany(timeout_ms=_LOOK_MS, max_records=1))
    finally:
        await stop_consumer(consumer)


async def find_partition_drift(bootstrap: str) -> list[str]:
    """Topics whose number of partitions differs from the table, one sentence each: their keys are in other partitions.

    The embedded broker creates a topic of four partitions when a client asks about it, unless the client forbids that, as
    ours do (`shared/kafka/quirks.py`).
    """
    async with _Admin(bootstrap) as admin:
        found = {item["topic"]: len(item["partitions"]) for item in await admin.describe_topics()}
        return [line for topic in TOPICS if topic.name in found for line in _partition_drift(topic, found[topic.name])]


async def find_drift(bootstrap: str) -> list[str]:
    """Differences between the cluster and the table, one sentence each."""
    async with _Admin(bootstrap) as admin:
        found = {item["topic"]: item for item in await admin.describe_topics() if not item["error_code"]}
        drift = [f"{topic.name}: missing" for topic in TOPICS if topic.name not in found]
        for topic in TOPICS:
            if topic.name in found:
                drift += _partition_drift(topic, len(found[topic.name]["partitions"]))
                drift += _config_drift(topic, await _config(admin, topic.name))
        return drift


def _partition_drift(topic: Topic, partitions: int) -> list[str]:
    if partitions == topic.partitions:
        return []
    return [f"{topic.name}: {partitions} partitions, not {topic.partitions}"]


def _config_drift(topic: Topic, config: Mapping[str, str]) -> list[str]:
    return [
        f"{topic.name}: {name} is {config.get(name, 'unset')}, not {value}"
        for name, value in topic.config.items()
        if config.get(name) != value
    ]


async def _config(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    answers: list[Any] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}


class _Admin:
    """An admin client for the length of a block. Raises Kafka's errors as Unavailable."""

    def __init__(self, bootstrap: str) -> None:
        self._client = AIOKafkaAdminClient(**kafka_options(bootstrap), request_timeout_ms=_REQUEST_TIMEOUT_MS)

    async def __aenter__(self) -> AIOKafkaAdminClient:
        try:
            await self._client.start()
        except KafkaError as error:
            await self._client.close()
            raise Unavailable(f"Kafka does not answer: {error}") from error
        return self._client

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self._client.close()
        if isinstance(error, KafkaError):
            raise Unavailable(f"Kafka refused: {error}") from error
