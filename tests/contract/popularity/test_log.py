"""How the counter recognises its log and a replaced one, on a real Kafka log."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.popularity.counting.consumers import CounterSink
from services.popularity.model.chunks import Chunk, fingerprint
from services.popularity.model.store import Store
from shared import topics
from shared.errors import Unavailable
from shared.events import Message, PageViewed, Record, encode
from shared.kafka.client import LogIdentity, as_record
from shared.kafka.dead_letters import MOST_IN_A_ROW, DeadLetters
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch
from shared.redis import connect

VIEWS = topics.VIEWS.name
AT = datetime(2026, 2, 8, 12, tzinfo=UTC)


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    client = connect(f"{redis_url}/12")
    await client.flushdb()
    store = Store(client)
    yield store
    await store.close()


@pytest.fixture
async def sink(store: Store, producer: Producer, kafka_url: str) -> CounterSink:
    letters = DeadLetters(producer, "test")
    return CounterSink(store, letters, bootstrap=kafka_url, adopts=True, on_change=lambda: None)


async def _write_views(kafka: str, producer: Producer, count: int) -> Sequence[Record]:
    """Views at the end of partition 0, one by one, as records of the log."""
    partition = TopicPartition(VIEWS, 0)
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="none") as consumer:
        consumer.assign([partition])
        marks = [uuid4() for _ in range(count)]
        for mark in marks:
            await producer.send_batch(VIEWS, 0, [_view(mark)])
        await consumer.seek_to_beginning(partition)
        found: list[Record] = []
        while not found or (marks[-1].hex not in (found[-1].value or b"").decode().replace("-", "")):
            found += [as_record(record) for record in (await consumer.getmany(timeout_ms=500)).get(partition, [])]
    return found[-count:]


def _view(mark: object) -> Message:
    return encode(PageViewed.model_validate({"id": mark, "article_id": "a", "section": "world", "viewed_at": AT}))


async def _count_up_to(store: Store, kafka: str, record: Record, known_fingerprint: str) -> str:
    """Set Redis as if this record was the last one counted."""
    identity = LogIdentity(kafka)
    log_id = await identity.current()
    await identity.close()
    await store.adopt_log(VIEWS, 0, log_id)
    await store.apply(VIEWS, 0, log_id, Chunk(0, record.offset + 1, 0, known_fingerprint))
    return log_id


async def test_position_inside_the_known_log_is_kept(
    sink: CounterSink, store: Store, producer: Producer, kafka_url: str
) -> None:
    last = (await _write_views(kafka_url, producer, 3))[-1]
    await _count_up_to(store, kafka_url, last, fingerprint(last))

    assert await sink.out_of_range(VIEWS, 0, 0) == last.offset + 1
    assert (await store.state(VIEWS, 0)).position == last.offset + 1


async def test_log_with_another_record_at_the_position_starts_over(
    sink: CounterSink, store: Store, producer: Producer, kafka_url: str
) -> None:
    last = (await _write_views(kafka_url, producer, 3))[-1]
    await _count_up_to(store, kafka_url, last, "that of another record")

    assert await sink.out_of_range(VIEWS, 0, 0) == 0
    assert (await store.state(VIEWS, 0)).position == 0


async def test_log_that_ends_before_the_position_starts_over(
    sink: CounterSink, store: Store, producer: Producer, kafka_url: str
) -> None:
    last = (await _write_views(kafka_url, producer, 1))[-1]
    past_the_end = Record(VIEWS, 0, last.offset + 5_000, last.key, last.value, last.headers, last.timestamp_ms)
    await _count_up_to(store, kafka_url, past_the_end, fingerprint(past_the_end))

    assert await sink.out_of_range(VIEWS, 0, 0) == 0


async def test_bad_view_does_not_end_the_counter_while_redis_is_away(producer: Producer, kafka_url: str) -> None:
    away = Store(connect("redis://127.0.0.1:9"))
    letters = DeadLetters(producer, "test")
    sink = CounterSink(away, letters, bootstrap=kafka_url, adopts=True, on_change=lambda: None)
    batch = Batch(VIEWS, 0, 5, 6, [Record(VIEWS, 0, 5, b"a", b"{bad", (), 0)], "the log")

    for _ in range(2 * MOST_IN_A_ROW):
        with pytest.raises(Unavailable):
            await sink.apply(batch)
