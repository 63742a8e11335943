"""Rankings on real Redis and Kafka: when the ranker confirms them, and what those of places cost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.popularity.model.chunks import Chunk, View
from services.popularity.model.ranking_store import RankingStore, Recent
from services.popularity.model.store import Store, views_partition
from services.popularity.rankings.place_rankings import PlaceRankings
from services.popularity.rankings.ranking import Ranker
from shared import topics
from shared.events import Event, RankingComputed, RankingsChecked, decode
from shared.kafka.client import as_record
from shared.kafka.producer import Producer
from shared.redis import connect
from shared.times import now
from tests.support.popularity import new_article

LOG = "log"
NUMBERS = range(topics.VIEWS.partitions)


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    client = connect(f"{redis_url}/13")
    await client.flushdb()
    store = Store(client)
    yield store
    await client.flushdb()
    await store.close()


@pytest.fixture
async def log(kafka_url: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader of rankings.v1 from its present end on."""
    partitions = [TopicPartition(topics.RANKINGS.name, number) for number in range(topics.RANKINGS.partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka_url, auto_offset_reset="none") as consumer:
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        yield consumer


async def _written(log: AIOKafkaConsumer) -> Sequence[Event]:
    """The events up to the log's end, those of one key in their order."""
    found: list[Event] = []
    for partition, end in (await log.end_offsets(log.assignment())).items():
        while await log.position(partition) < end:
            records = await log.getmany(partition, timeout_ms=500)
            found += [decode(as_record(record)) for record in records.get(partition, [])]
    return found


async def test_rankings_are_confirmed_only_up_to_the_views_that_all_partitions_have_counted(
    redis_url: str, store: Store, producer: Producer, log: AIOKafkaConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.popularity.rankings.rules.STALE_AFTER", timedelta(0))
    for number in NUMBERS:
        await store.adopt_log(topics.VIEWS.name, number, LOG)
    ends = dict.fromkeys(NUMBERS, 0) | {3: 10}

    async def ends_now() -> dict[int, int]:
        return ends

    ranker = Ranker(
        store,
        RankingStore(connect(f"{redis_url}/13"), 360.0),
        producer,
        sections=["world"],
        leads=lambda: True,
        is_alone=lambda: True,
        ends=ends_now,
        log_id=lambda: LOG,
        every_s=0.1,
        fresh_s=0.0,
    )
    made_at = now()
    await ranker.look()
    await store.apply(topics.VIEWS.name, 3, LOG, Chunk(0, 9, 0, "nine"))
    await ranker.look()
    behind_at = now()
    await store.apply(topics.VIEWS.name, 3, LOG, Chunk(9, 10, 0, "ten"))
    await ranker.look()
    await ranker.look()

    found = await _written(log)
    computed = [event.computed_at for event in found if isinstance(event, RankingComputed)]
    checked = [event.checked_at for event in found if isinstance(event, RankingsChecked)]
    assert computed
    assert max(computed) <= made_at
    assert len(checked) == 2
    assert checked[0] < behind_at < checked[1]


async def test_what_rises_is_read_once_for_all_tags(
    redis_url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = new_article().model_copy(update={"tags": ("Lakes",)})
    partition, minute = views_partition(article.id), int(now().timestamp()) // 60
    await store.upsert_article(article)
    await store.adopt_log(topics.VIEWS.name, partition, LOG)
    chunk = Chunk(0, 7, 0, "seven")
    for _ in range(7):
        chunk.add(View(uuid4().bytes, article.id, minute))
    await store.apply(topics.VIEWS.name, partition, LOG, chunk)
    asked: list[int] = []
    read = RankingStore.recent

    async def recent(self: RankingStore, number: int) -> dict[str, Recent]:
        asked.append(number)
        return await read(self, number)

    monkeypatch.setattr(RankingStore, "recent", recent)
    rankings = PlaceRankings(store, RankingStore(connect(f"{redis_url}/13"), 360.0), now)

    found = await asyncio.gather(
        *(rankings.find("rising", place) for place in ("t:lakes", "l:en", "t:a", "t:b", "t:c"))
    )

    assert [[item.article_id for item in items] for _, items in found] == [[article.id], [article.id], [], [], []]
    assert sorted(asked) == list(NUMBERS)
