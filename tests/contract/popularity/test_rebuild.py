"""Rebuilds and checks against a model: views, roll-ups, an older Redis, another log, lost counts. Real Redis and MongoDB."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from time import time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.popularity.model.chunks import merge, read_view
from services.popularity.model.rules import SPANS, day_of, horizon, hours_of
from services.popularity.model.store import Counts, Store, views_partition
from services.popularity.numbers.check import Difference, compare
from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.days import Days
from services.popularity.numbers.live_store import PARTITIONS, LiveStore, base
from services.popularity.numbers.rebuild import Rebuild, WouldLose
from services.popularity.numbers.rebuild_store import RebuildStore
from services.popularity.numbers.rollup import RollUp
from services.popularity.numbers.rules import Mark
from services.popularity.numbers.top_store import TopStore
from shared.errors import Conflict, Unavailable
from shared.events import ArticlePublished, ArticleWithdrawn, PageViewed, Record, encode
from shared.mongo.client import Mongo
from shared.redis import connect
from shared.times import now
from tests.support.popularity import new_article, next_state

ZONE = ZoneInfo("Asia/Riyadh")
VIEWS = "views.v1"
HALF_A_DAY_MS = 12 * 3_600_000


@dataclass
class World:
    """Counts, roll-ups and a log in memory; `counted` is the model."""

    client: object
    store: Store
    live: LiveStore
    stored: DayStore
    rollup: RollUp
    beside: RebuildStore
    articles: Sequence[str]
    random: Random
    now_ms: int
    published: Sequence[ArticlePublished]
    log: dict[int, list[Record]] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    log_id: str = "log 1"
    counted: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    visitors: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    ids: int = 0

    async def beginning(self, partition: int) -> int:
        return self.first.get(partition, 0)

    async def read(self, partition: int, position: int) -> Sequence[Record]:
        first = self.first.get(partition, 0)
        assert position >= first
        return self.log.get(partition, [])[position - first :][: self.random.randint(1, 40)]

    def view(self, count: int) -> None:
        """Append views of random articles to the log; a few are late."""
        for _ in range(count):
            article = self.random.choice(self.articles)
            at = self.now_ms - (HALF_A_DAY_MS * 3 if self.random.random() < 0.02 else 0)
            visitor = f"{self.random.randrange(1, 30):016x}"
            self.ids += 1
            event = PageViewed(
                id=UUID(int=self.ids),
                article_id=article,
                section="world",
                viewed_at=datetime.fromtimestamp(at / 1000, UTC),
                visitor=visitor,
            )
            partition = views_partition(article)
            records = self.log.setdefault(partition, [])
            offset = self.first.get(partition, 0) + len(records)
            message = encode(event)
            records.append(Record(VIEWS, partition, offset, message.key, message.value, (), self.now_ms))
            day = day_of(at // 60_000, ZONE)
            self.counted[article, day] += 1
            self.visitors.setdefault((article, day), set()).add(visitor)

    async def count(self) -> None:
        """Apply the log from the position in Redis, in chunks of any size."""
        for partition in self.log:
            state = await self.store.state(VIEWS, partition)
            position = state.position
            if state.log != self.log_id:
                position = await self.store.adopt_log(VIEWS, partition, self.log_id)
            while records := await self.read(partition, position):
                for chunk in merge(position, [(record, read_view(record)) for record in records]):
                    applied = await self.store.apply(VIEWS, partition, self.log_id, chunk)
                    assert applied.status == "OK", applied
                position = records[-1].offset + 1

    async def roll_up(self) -> None:
        minute = self.now_ms // 60_000
        await self.rollup.look(minute)
        await self.rollup.look(minute)

    async def replace_log(self) -> None:
        """Another broker: the views so far are in Redis and in roll-ups alone."""
        await self.count()
        self.log_id += "'"
        self.log.clear()
        self.first.clear()

    def retain(self) -> None:
        """Retention deletes the older half of a log, whose views are rolled up."""
        horizon = self.now_ms - 4 * HALF_A_DAY_MS
        for partition, records in self.log.items():
            old = sum(record.timestamp_ms < horizon for record in records)
            self.log[partition] = records[old:]
            self.first[partition] = self.first.get(partition, 0) + old

    def cut(self, share: float = 0.5) -> None:
        """Retention deletes the beginning of a log, whose views may be in Redis alone."""
        for partition, records in self.log.items():
            old = int(len(records) * share)
            self.log[partition] = records[old:]
            self.first[partition] = self.first.get(partition, 0) + old

    async def keys(self, pattern: str) -> list[bytes]:
        return sorted([key async for key in self.client.scan_iter(pattern)])  # type: ignore[attr-defined]

    async def differences(self) -> list[Difference]:
        """What a check finds. Retirement of the live counts is a task of the counter, which does not run here."""
        for partition in PARTITIONS:
            for span in SPANS:
                while await self.store.retire_buckets(partition, span, horizon(span, int(time() * 1000))):
                    pass
        return [found async for found in compare(self.rebuild(), self.beside)]

    def rebuild(self, **options: float) -> Rebuild:
        return Rebuild(self.live, self.stored, self.beside, self, ZONE, lambda _: None, **options)

    async def check(self) -> None:
        """Every count is exact: of all time, and of each day, with its visitors."""
        views: Counter[str] = Counter()
        for (article, _), count in self.counted.items():
            views[article] += count
        for article in self.articles:
            assert (await self.store.views(article))["all"] == views[article], article
        days = sorted({day for _, day in self.counted})
        found = await Days(self.live, self.stored, ZONE).read(self.articles, days, with_hours=days)
        shown = {key: (numbers.views, numbers.visitors) for key, numbers in found.items() if numbers.views}
        assert shown == {key: (count, len(self.visitors[key])) for key, count in self.counted.items()}


@pytest.fixture
async def world(redis_url: str, mongo_url: str, mongo_database: str) -> AsyncIterator[World]:
    client, mongo = connect(f"{redis_url}/9"), Mongo(mongo_url)
    await client.flushdb()
    database = mongo.database(mongo_database)
    counts = Counts(ZONE, 360.0)
    store, live, stored = Store(client, counts), LiveStore(client), DayStore(database)
    rollup = RollUp(live, stored, TopStore(database), ZONE, leads=lambda: True)
    articles = [new_article() for _ in range(6)]
    for partition in PARTITIONS:
        await store.adopt_log(VIEWS, partition, "log 1")
    for article in articles:
        await store.upsert_article(article)
    start = hours_of(day_of(int(now().timestamp()) // 60 - 8 * 1440, ZONE), ZONE)[1] * 60_000
    beside = RebuildStore(client, counts)
    yield World(client, store, live, stored, rollup, beside, [a.id for a in articles], Random(17), start, articles)
    await client.aclose()
    mongo.close()


@pytest.mark.long
async def test_rebuild_is_exact_after_roll_ups_retention_late_views_and_another_log(world: World) -> None:
    for step in range(14):
        world.view(40)
        await world.count()
        await world.roll_up()
        if step == 7:
            await world.replace_log()
        if step == 11:
            world.retain()
        if step in (5, 8, 12):
            await world.rebuild().run()
            await world.check()
            assert await world.differences() == []
        world.now_ms += HALF_A_DAY_MS
    await world.roll_up()
    await world.check()


async def test_lost_counts_are_named_and_come_back_while_views_are_counted(world: World) -> None:
    for _ in range(4):
        world.view(60)
        await world.count()
        await world.roll_up()
        world.now_ms += HALF_A_DAY_MS
    article = world.articles[0]
    partition, other = views_partition(article), f"{base(views_partition(article))}sum:all"
    await world.client.zincrby(other, 5, article)  # type: ignore[attr-defined]

    found = await world.differences()

    assert [(one.partition, one.window, one.article, one.in_redis - one.recounted) for one in found] == [
        (partition, "all", article, 5)
    ]
    rebuild = world.rebuild()
    await rebuild.prepare()
    world.view(30)
    await world.count()
    for number in PARTITIONS:
        await rebuild.switch(number)
    await world.check()
    assert await world.keys("*rebuild*") == []
    world.view(30)
    await world.count()
    await world.check()


async def test_rebuild_before_any_counter_is_refused(world: World) -> None:
    await world.client.flushdb()  # type: ignore[attr-defined]

    with pytest.raises(Unavailable, match="no counter has begun"):
        await world.rebuild().run()


async def test_views_of_a_live_day_that_the_log_no_longer_has_stay(world: World) -> None:
    world.view(60)
    await world.count()
    world.cut()

    await world.rebuild().run()

    await world.check()


async def test_day_that_is_rolled_up_during_a_rebuild_keeps_its_visitors(world: World) -> None:
    world.view(60)
    await world.count()
    rebuild = world.rebuild()
    await rebuild.prepare()
    for partition in PARTITIONS:
        await rebuild.catch_up(partition)
    world.now_ms += 3 * HALF_A_DAY_MS
    await world.roll_up()
    for partition in PARTITIONS:
        await rebuild.switch(partition)

    await world.check()
    await world.roll_up()
    await world.check()


async def test_comparison_leaves_no_keys(world: World) -> None:
    world.view(60)
    await world.count()
    world.now_ms += 3 * HALF_A_DAY_MS
    await world.roll_up()

    assert await world.differences() == []

    assert await world.keys("*visitors:*") == []
    assert await world.keys("*rebuild*") == []


async def test_log_that_ends_before_the_counts_ends_a_rebuild(world: World) -> None:
    world.view(60)
    await world.count()
    for records in world.log.values():
        del records[5:]

    with pytest.raises(Unavailable, match=r"no record of views\.v1 for 0 s"):
        await world.rebuild(patience_s=0).run()


async def test_places_are_renewed_after_a_switch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.view(60)
    await world.count()
    rebuild, partition, marked = world.rebuild(), views_partition(world.articles[0]), []
    mark = world.beside._mark_dirty

    async def observed(number: int, sums: str) -> None:
        await mark(number, sums)
        marked.append((await world.store.state(VIEWS, number)).revision)

    monkeypatch.setattr(world.beside, "_mark_dirty", observed)
    await rebuild.prepare()
    await rebuild.switch(partition)

    assert (await world.store.state(VIEWS, partition)).revision > marked[-1]


async def test_rebuild_that_would_lose_views_is_refused(world: World) -> None:
    world.view(60)
    await world.count()
    article = world.articles[0]
    live = f"{base(views_partition(article))}sum:all"
    await world.client.zincrby(live, 5, article)  # type: ignore[attr-defined]

    with pytest.raises(WouldLose, match="1 article would lose 5 views"):
        await world.rebuild().run()

    assert (await world.store.views(article))["all"] == sum(
        count for (name, _), count in world.counted.items() if name == article
    ) + 5
    assert await world.keys("*rebuild*") == []
    await world.rebuild().run(force=True)
    await world.check()


async def test_keys_of_a_killed_rebuild_leave_and_those_of_a_running_one_stay(world: World) -> None:
    world.view(60)
    await world.count()
    before = await world.keys("*")
    rebuild = world.rebuild()
    await rebuild.prepare()
    await rebuild.catch_up(views_partition(world.articles[0]))

    async with world.beside.alone():
        await world.beside.clear_stale()
        assert await world.keys("*:rebuild:sum:all")
        with pytest.raises(Conflict, match="another rebuild"):
            async with world.beside.alone():
                pass
    await world.beside.clear_stale()

    assert await world.keys("*") == before


async def test_rolled_up_views_of_a_withdrawn_article_do_not_rank(world: World) -> None:
    world.view(60)
    await world.count()
    world.now_ms += 3 * HALF_A_DAY_MS
    await world.roll_up()
    article = world.articles[0]
    key, views = base(views_partition(article)), (await world.store.views(article))["all"]
    await world.store.upsert_article(next_state(world.published[0], ArticleWithdrawn))
    world.cut(1.0)

    await world.rebuild().run()

    assert await world.client.zscore(f"{key}sum:all", article) is None  # type: ignore[attr-defined]
    assert await world.client.zscore(f"{key}aside:all", article) == views  # type: ignore[attr-defined]


async def test_rebuild_after_another_log_is_exact_while_views_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.view(60)
    await world.count()
    await world.replace_log()
    world.view(60)
    await world.count()
    read = world.live.marks

    async def read_while_views_come() -> dict[str, list[Mark]]:
        found = await read()
        world.view(30)
        await world.count()
        return found

    monkeypatch.setattr(world.live, "marks", read_while_views_come)
    await world.rebuild().run()
    monkeypatch.undo()

    await world.check()
    assert await world.differences() == []
