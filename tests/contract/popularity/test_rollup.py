"""Days move from Redis to MongoDB without a view lost or counted twice. Redis and MongoDB are real; a day is written by hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from services.popularity.model.rules import hours_of
from services.popularity.model.store import views_partition
from services.popularity.numbers import day_store, top_store
from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.days import DROPPED, Days
from services.popularity.numbers.held_rankings import HeldRankings
from services.popularity.numbers.live_store import LiveStore, base
from services.popularity.numbers.ranked_days import RankedDays
from services.popularity.numbers.rollup import RollUp
from services.popularity.numbers.rules import DayNumbers, RankedLine
from services.popularity.numbers.top_store import StoredTop, TopPiece, TopStore
from shared.mongo.client import Mongo
from shared.mongo.collections import Collection, Document
from shared.redis import connect

ZONE = ZoneInfo("Asia/Riyadh")
DAY = "2026-11-28"
HOURS = hours_of(DAY, ZONE)
LATER = hours_of("2026-11-29", ZONE)[2]
ARTICLE = next(name for name in (f"article-{number}" for number in count()) if views_partition(name) == 0)
OTHER = next(name for name in (f"article-{number}" for number in count()) if views_partition(name) == 3)


@dataclass
class World:
    """The stores of one test."""

    redis: Redis
    rollup: RollUp
    days: Days
    ranked: RankedDays
    stored: DayStore

    async def count(
        self, article: str, visitors: Sequence[str], begin: int, end: int, hour: int = 9, epoch: int = 0
    ) -> None:
        """Count a view of each visitor as `apply_views.lua` does; `begin` and `end` become the day's mark."""
        key = base(views_partition(article))
        mark = await self.redis.hget(f"{key}days", DAY)
        first = ":".join(str(mark, "ascii").split(":")[:2]) if isinstance(mark, bytes) else f"{epoch}:{begin}"
        await self.redis.hset(f"{key}days", DAY, f"{first}:{epoch}:{end}")
        await self.redis.hset(f"{key}article:{article}", mapping={"place": "world", "places": "s:world\nt:lakes"})
        await self.redis.zincrby(f"{key}day:{DAY}", len(visitors), article)
        await self.redis.zincrby(f"{key}sum:all:t:lakes", len(visitors), article)
        await self.redis.hincrby(f"{key}hours:{DAY}", f"{article}|{HOURS[hour]}|x", len(visitors))
        await self.redis.hincrby(f"{key}hosts:{DAY}", "news.example", len(visitors))
        await self.redis.hincrby(f"{key}dropped:{DAY}", "bot", 1)
        for scope in ("site", "s:world", "t:lakes"):
            await self.redis.hincrby(f"{key}scopes:{DAY}", f"{scope}|{HOURS[hour]}|x", len(visitors))
        for name in (article, "site", "s:world", "t:lakes"):
            await self.redis.pfadd(f"{key}visitors:{DAY}:{name}", *visitors)

    async def roll_up(self) -> None:
        """Two looks: the first one sees what there is, the second one that it has not changed."""
        await self.rollup.look(LATER)
        await self.rollup.look(LATER)

    async def facts(self, name: str = "site") -> tuple[int, int, dict[str, int]]:
        """Views, visitors and counts of the day, the same by hour as in sum."""
        sums = (await self.days.read([name], [DAY]))[name, DAY]
        hours = (await self.days.read([name], [DAY], with_hours=[DAY]))[name, DAY]
        assert (sums.views, sums.visitors) == (hours.views, hours.visitors)
        assert (await self.days.visitors(name, [DAY, "2026-11-20"])).get(DAY, 0) == sums.visitors
        return hours.views, hours.visitors, dict(hours.counts)

    async def keys(self) -> list[str]:
        """The keys of the day in Redis."""
        return [key.decode() async for key in self.redis.scan_iter(f"*{DAY}*")]


@pytest.fixture
async def world(redis_url: str, mongo_url: str, mongo_database: str) -> AsyncIterator[World]:
    client, mongo = connect(f"{redis_url}/8"), Mongo(mongo_url)
    await client.flushdb()
    database = mongo.database(mongo_database)
    live, stored, tops = LiveStore(client), DayStore(database), TopStore(database)
    rollup = RollUp(live, stored, tops, ZONE, leads=lambda: True)
    yield World(client, rollup, Days(live, stored, ZONE), RankedDays(live, tops, stored), stored)
    await client.aclose()
    mongo.close()


async def test_rolled_up_day_has_the_same_numbers_and_leaves_redis(world: World) -> None:
    await world.count(ARTICLE, ["a", "b", "c"], 10, 20)
    await world.count(OTHER, ["a", "d"], 5, 9, hour=11)
    names = ("site", "s:world", "t:lakes", ARTICLE, OTHER, DROPPED)
    before = [await world.facts(name) for name in names]
    top = await world.ranked.top("t:lakes", [DAY], 10)

    await world.rollup.look(LATER - 120)
    await world.rollup.look(LATER - 120)
    assert await world.keys() != []
    await world.roll_up()

    assert await world.keys() == []
    assert await world.redis.hlen(f"{base(0)}days") == 0
    assert [await world.facts(name) for name in names] == before
    assert before[0] == (5, 4, {"news.example": 5})
    assert before[-1] == (0, 0, {"bot": 2})
    assert await world.ranked.top("t:lakes", [DAY], 10) == top == [RankedLine(ARTICLE, 3, 3), RankedLine(OTHER, 2, 2)]
    assert await world.ranked.first_day({}) == DAY
    assert len(await world.stored.sketches(ARTICLE, [DAY])) == 1


async def test_late_views_are_added_live_and_by_the_next_roll_up(world: World) -> None:
    await world.count(ARTICLE, ["a", "b"], 10, 20)
    await world.roll_up()
    await world.count(ARTICLE, ["b", "c"], 25, 30)

    assert (await world.facts(ARTICLE))[:2] == (4, 3)
    await world.roll_up()

    assert await world.keys() == []
    assert await world.facts() == (4, 3, {"news.example": 4})
    assert await world.ranked.top("site", [DAY], 10) == [RankedLine(ARTICLE, 4, 3)]


async def test_adjustment_of_a_rolled_up_day_changes_its_ranking(world: World) -> None:
    await world.count(ARTICLE, ["a", "b", "c"], 10, 20)
    await world.count(OTHER, ["a", "d"], 5, 9)
    await world.roll_up()
    for article, views in ((ARTICLE, -2), (OTHER, -2)):
        await world.count(article, ["late"], 25, 30)
        await world.redis.zincrby(f"{base(views_partition(article))}day:{DAY}", views - 1, article)
    await world.roll_up()

    for scope in ("site", "t:lakes"):
        assert [(line.article, line.views) for line in await world.ranked.top(scope, [DAY], 10)] == [(ARTICLE, 1)]


async def test_views_that_an_older_redis_counts_again_replace_the_stored_ones(world: World) -> None:
    await world.count(ARTICLE, ["a", "b"], 10, 20)
    await world.roll_up()
    await world.count(ARTICLE, ["c"], 22, 30)
    await world.roll_up()
    assert (await world.facts(ARTICLE))[:2] == (3, 3)

    # Redis came back as it was at 15, in the middle of the first part, and has read on to 40.
    await world.count(ARTICLE, ["a", "b"], 10, 20)
    await world.count(ARTICLE, ["c", "d"], 22, 40)

    assert (await world.facts(ARTICLE))[:2] == (4, 4)
    await world.roll_up()
    assert (await world.facts(ARTICLE))[:2] == (4, 4)
    assert (await world.facts())[:2] == (4, 4)
    assert await world.ranked.top("site", [DAY], 10) == [RankedLine(ARTICLE, 4, 4)]


async def test_parts_of_a_later_log_are_replaced_by_one_that_began_before_it(world: World) -> None:
    await world.count(ARTICLE, ["a"], 100, 120)
    await world.roll_up()
    await world.count(ARTICLE, ["b"], 3, 7, epoch=1)
    await world.roll_up()
    assert (await world.facts(ARTICLE))[:2] == (2, 2)

    await world.count(ARTICLE, ["a"], 100, 120)
    await world.count(ARTICLE, ["b"], 3, 7, epoch=1)
    await world.roll_up()

    assert (await world.facts(ARTICLE))[:2] == (2, 2)


async def test_day_that_changes_while_it_is_read_stays_in_redis(world: World) -> None:
    await world.count(ARTICLE, ["a"], 10, 20)
    mark = (await world.rollup._live.marks())[DAY][0]
    await world.count(ARTICLE, ["b"], 30, 40)

    assert not await world.rollup.roll_up(DAY, mark)

    assert (await world.facts(ARTICLE))[:2] == (2, 2)
    await world.roll_up()
    assert (await world.facts(ARTICLE))[:2] == (2, 2)


async def test_sums_of_a_slow_leader_replace_no_later_ones(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, tops = world.stored, world.rollup._tops
    write = day_store.write_all

    async def write_last(collection: Collection, documents: Mapping[str, tuple[int, Document]]) -> None:
        await write(collection, documents)
        if next(iter(documents.values()))[0] == 0:  # another leader goes on, while this one rests
            await (_store_day(stored, 1, 7) if collection is stored.pieces else _store_top(tops, 1, 7))

    for module in (day_store, top_store):
        monkeypatch.setattr(module, "write_all", write_last)
    await _store_day(stored, 0, 3)
    await _store_top(tops, 0, 3)

    sums = await stored.sums(["s:world", "site"], [DAY])
    assert {name: sums[name, DAY].views for name in ("s:world", "site")} == {"s:world": 7, "site": 7}
    assert (await stored.sections([DAY]))[DAY] == {"world": (7, 2)}
    for only_first in (False, True):
        assert (await tops.tops_of("site", [DAY], only_first=only_first))[0].views == [7]


async def _store_day(stored: DayStore, rev: int, views: int) -> None:
    numbers = DayNumbers(views, 2, {"n": views})
    await stored.write({(name, DAY): (rev, numbers, ()) for name in ("s:world", "site")})


async def _store_top(tops: TopStore, rev: int, views: int) -> None:
    lines = (RankedLine(ARTICLE, views, 2),)
    await tops.write({("site", DAY): StoredTop(rev, (TopPiece(0, (0, 1), (0, 2), lines),))})


async def test_day_with_adjustments_alone_is_not_the_first_day(world: World) -> None:
    await world.redis.hset(f"{base(0)}days", DAY, "0:10:0:20")
    await world.redis.hset(f"{base(0)}scopes:{DAY}", f"site|{HOURS[9]}|a", 50)
    await world.redis.zadd(f"{base(0)}day:{DAY}", {ARTICLE: 50})
    await world.roll_up()

    assert await world.keys() == []
    assert await world.stored.first_day() is None


async def test_ranking_of_a_day_that_leaves_redis_meanwhile_is_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.count(ARTICLE, ["a", "b"], 10, 20)
    read = world.ranked._live.top_of_place

    async def after_the_roll_up(*given: Any) -> list[list[tuple[str, int]]]:
        await world.roll_up()
        return await read(*given)

    monkeypatch.setattr(world.ranked._live, "top_of_place", after_the_roll_up)
    found, marks = await world.ranked.top_and_marks("s:world", [DAY], 10)

    assert ([(line.article, line.views) for line in found], marks) == ([(ARTICLE, 2)], {})


async def test_held_ranking_is_read_once_in_half_a_minute(world: World) -> None:
    clock = 0.0
    held = HeldRankings(world.ranked, lambda: clock)
    await world.count(ARTICLE, ["a", "b"], 10, 20)
    found = await asyncio.gather(*(held.find("site", [DAY]) for _ in range(3)))
    await world.count(ARTICLE, ["c"], 25, 30)

    assert all(ranking is found[0] for ranking in [*found, await held.find("site", [DAY])])
    assert (found[0].lines[0].views, found[0].is_live, found[0].first_day) == (2, True, DAY)
    clock = 31.0
    assert (await held.find("site", [DAY])).lines[0].views == 3
    assert (await held.find("t:lakes", [DAY])).lines[0].article == ARTICLE


async def test_deletion_that_was_cut_off_goes_on_and_spares_late_views(world: World) -> None:
    await world.count(ARTICLE, ["a"], 10, 20)
    await world.redis.rename(f"{base(0)}day:{DAY}", f"{base(0)}leaving:{DAY}")
    await world.redis.sadd(f"{base(0)}leaving", DAY)
    await world.redis.zadd(f"{base(0)}leaving:{DAY}", {"another": 1})
    await world.redis.pfadd(f"{base(0)}visitors:{DAY}:another", "x")
    await world.redis.zadd(f"{base(0)}day:{DAY}", {ARTICLE: 1})

    await world.rollup.look(HOURS[0])

    assert f"{base(0)}visitors:{DAY}:another" not in await world.keys()
    assert f"{base(0)}visitors:{DAY}:{ARTICLE}" in await world.keys()
    assert not [key for key in await world.keys() if "leaving" in key]
