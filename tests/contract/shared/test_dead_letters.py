"""Dead letters: bad records go to their topic byte for byte, with their origin, within a limit."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.errors import TooManyDeadLetters, Unavailable
from shared.events import ArticlePublished, ArticleState, Erased, Event, Message, Record, encode, tombstone
from shared.ids import new_id
from shared.kafka.client import as_record
from shared.kafka.dead_letters import MOST_IN_A_ROW, DeadLetters
from shared.kafka.dispatch import dispatching_sink
from shared.kafka.group import GroupRunner
from shared.kafka.producer import Producer
from shared.settings import Settings
from shared.topics import ARTICLES
from tests.support.comments import an_article
from tests.support.kafka import Broker, bus_settings, unique
from tests.support.polling import PATIENCE_S, until


class Seen:
    """The ids of the events that a handler received."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    async def note(self, event: Event) -> None:
        """Handle an event."""
        self.ids.add(event.key())


def _bad_messages(key: str) -> Sequence[Message]:
    good = encode(an_article(id=key))
    headers = dict(good.headers)

    def bad(value: bytes, **changes: bytes) -> Message:
        return Message(good.topic, good.key, value, tuple((headers | changes).items()))

    assert good.value is not None
    return [
        bad(b"{not json"),
        bad(b"\xff\xfe\x00"),
        bad(good.value, ce_type=b"world-monitor.article.sung.v1"),
        bad(good.value, ce_type=b"world-monitor.comment.held.v1"),
        bad(json.dumps({"id": key}).encode()),
        bad(good.value.replace(b'"version":1', b'"version":"one"')),
        Message(good.topic, good.key, b"x" * 500_000, ()),
    ]


async def test_bad_records_become_dead_letters_and_good_ones_are_applied(
    settings: Settings, producer: Producer
) -> None:
    key, before, after = new_id(), new_id(), new_id()
    bad_messages = _bad_messages(key)
    seen, group = Seen(), unique("g")
    sink = dispatching_sink({ArticlePublished: Seen.note, Erased: Seen.note}, seen, DeadLetters(producer, group))
    async with _letters(settings.kafka, group) as letters:
        for message in (encode(an_article(id=before)), *bad_messages, encode(an_article(id=after))):
            await producer.send(message)

        runner = GroupRunner(settings, group=group, topics=[ARTICLES.name], sink=sink)
        task = asyncio.create_task(runner.run())
        await until(lambda: {before, after} <= seen.ids, "the good records are applied")
        found = await letters.until(key, len(bad_messages))
        await runner.stop()
        await task

    assert key not in seen.ids
    assert {letter.value for letter in found} == {message.value for message in bad_messages}
    for letter in found:
        assert letter.header("dlq_topic") == "articles.v1"
        assert letter.header("dlq_consumer") == group
        assert letter.header("dlq_tries") == "1"
        assert letter.header("dlq_reason")
        assert int(letter.header("dlq_offset") or "-1") >= 0
        assert letter.header("dlq_partition") in ("0", "1", "2")
    assert "ce_type" in {name for letter in found for name, _ in letter.headers}


async def test_too_many_bad_records_in_a_row_are_an_error(producer: Producer) -> None:
    letters = DeadLetters(producer, unique("g"))
    key = unique("k").encode()

    for offset in range(MOST_IN_A_ROW):
        await letters.put(Record("articles.v1", 0, offset, key, b"bad", (), 0), "bad")

    with pytest.raises(TooManyDeadLetters):
        await letters.put(Record("articles.v1", 0, MOST_IN_A_ROW, key, b"bad", (), 0), "bad")


async def test_bad_record_of_a_retried_batch_is_one_letter(producer: Producer, kafka_url: str) -> None:
    key, group = unique("k"), unique("g")
    letters = DeadLetters(producer, group)
    record = Record("articles.v1", 0, 7, key.encode(), b"bad", (), 0)
    of_another_log = record._replace(value=b"bad as well")

    async with _letters(kafka_url, group) as sent:
        for _ in range(2 * MOST_IN_A_ROW):
            await letters.put(record, "bad")
        await letters.put(of_another_log, "bad")
        found = await sent.until(key, 2)

    assert [letter.value for letter in found] == [record.value, of_another_log.value]


async def test_letter_is_counted_once_and_sent_when_kafka_is_back() -> None:
    broker, key, group = Broker(), unique("k"), unique("g")
    producer = Producer(broker.url, idempotence=False, timeout_s=0.2)
    letters = DeadLetters(producer, group)
    record = Record("articles.v1", 0, 7, key.encode(), b"bad", (), 0)

    for _ in range(MOST_IN_A_ROW + 1):
        with pytest.raises(Unavailable):
            await letters.put(record, "bad")
    await broker.start()
    try:
        async with asyncio.timeout(PATIENCE_S), _letters(broker.url, group) as sent:
            await _put_until_sent(letters, record)
            found = await sent.until(key, 1)
    finally:
        await producer.stop()
        broker.kill()

    assert [letter.value for letter in found] == [record.value]


async def _put_until_sent(letters: DeadLetters, record: Record) -> None:
    while True:
        try:
            return await letters.put(record, "bad")
        except Unavailable:
            await asyncio.sleep(0.1)


async def test_member_that_decodes_nothing_stops_at_the_limit() -> None:
    broker = Broker()
    await broker.start()
    producer = Producer(broker.url, idempotence=False)
    key = new_id()
    nonsense = Message(ARTICLES.name, key.encode(), b"nonsense", ())
    await producer.send(*[nonsense] * (3 * MOST_IN_A_ROW), encode(an_article(id=key)))
    seen, group = Seen(), unique("g")
    sink = dispatching_sink({ArticlePublished: Seen.note}, seen, DeadLetters(producer, group))
    runner = GroupRunner(bus_settings(broker.url, idempotence=False), group=group, topics=[ARTICLES.name], sink=sink)

    try:
        async with asyncio.timeout(PATIENCE_S), _letters(broker.url, group) as letters:
            with pytest.raises(TooManyDeadLetters):
                await runner.run()
            found = await letters.until(key, MOST_IN_A_ROW)
    finally:
        await producer.stop()
        broker.kill()

    assert len(found) == MOST_IN_A_ROW
    assert not seen.ids


async def test_tombstone_is_an_erasure_and_no_bad_record(settings: Settings, producer: Producer) -> None:
    key, seen, group = new_id(), Seen(), unique("g")
    sink = dispatching_sink({Erased: Seen.note}, seen, DeadLetters(producer, group))
    await producer.send(encode(an_article(id=key)), tombstone(ArticleState.topic, key))

    runner = GroupRunner(settings, group=group, topics=[ARTICLES.name], sink=sink)
    task = asyncio.create_task(runner.run())
    await until(lambda: key in seen.ids, "the erasure is applied")
    await runner.stop()
    await task


class _letters:
    """The dead letters of one consumer."""

    def __init__(self, kafka_url: str, consumer: str) -> None:
        self._client = AIOKafkaConsumer(
            bootstrap_servers=kafka_url, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        self._consumer = consumer
        self._found: list[Record] = []

    async def __aenter__(self) -> "_letters":
        await self._client.start()
        self._client.assign([TopicPartition("articles.v1.dlq", 0)])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def until(self, key: str, count: int) -> list[Record]:
        """Wait for a number of letters with a key."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self._of(key)) < count:
                found = await self._client.getmany(timeout_ms=200)
                self._found += [as_record(record) for records in found.values() for record in records]
        return self._of(key)

    def _of(self, key: str) -> list[Record]:
        return [
            record
            for record in self._found
            if record.key == key.encode() and record.header("dlq_consumer") == self._consumer
        ]
