"""Popularity's scripts one by one, on a real Redis. `test_apply_views.py` tests them together."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from time import time
from typing import cast
from uuid import uuid4

import pytest
from redis.exceptions import ResponseError

from services.popularity.model import store as store_module
from services.popularity.model.chunks import Chunk, View
from services.popularity.model.ranking_store import Ranked, RankingStore
from services.popularity.model.rules import DAY, HOUR, ID_SLOT_MS, SPANS
from services.popularity.model.store import Applied, Counts, Store, views_partition
from shared.errors import Unavailable
from shared.events import ArticlePublished, ArticleWithdrawn, Erased
from shared.redis import connect

VIEWS = "views.v1"
ARTICLE, OTHER = [name for name in (f"article-{number}" for number in range(60)) if views_partition(name) == 0][:2]
AT = datetime(2026, 2, 8, 12, tzinfo=UTC)
MINUTE = int(AT.timestamp()) // 60
SLOT = MINUTE * 60_000 // ID_SLOT_MS
HOSTS = "popularity:{p0}:hosts:2026-02-08"
# The bound that services/popularity/README.md names.
MOST_BYTES_OF_AN_ARTICLE = 128 * 1024


def _chunk(start: int, *ids: bytes, slot: int = SLOT, minute: int = MINUTE) -> Chunk:
    chunk = Chunk(start, start + max(1, len(ids)), slot, f"after {start}")
    for name in ids:
        chunk.add(View(name, ARTICLE, minute, visitor=name[:8]))
    return chunk


def _ids(count: int) -> list[bytes]:
    return [uuid4().bytes for _ in range(count)]


def _published(version: int = 1, section: str = "world") -> ArticlePublished:
    fields = {"slug": "s", "url": "/world/s", "headline": "H", "section": section, "status": "published"}
    return ArticlePublished(id=ARTICLE, version=version, created_at=AT, updated_at=AT, published_at=AT, **fields)


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    client = connect(f"{redis_url}/5")
    await client.flushdb()
    store = Store(client)
    await store.adopt_log(VIEWS, 0, "log A")
    await store.upsert_article(_published())
    yield store
    await store.close()


async def test_chunk_at_the_position_is_counted_and_advances_it(store: Store) -> None:
    assert await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3))) == Applied("OK", 3, 3)

    assert (await store.state(VIEWS, 0)).position == 3
    assert await store.views(ARTICLE) == {"1h": 3, "24h": 3, "7d": 3, "30d": 3, "all": 3}


async def test_applied_chunk_changes_nothing_after_its_ids_are_forgotten(store: Store) -> None:
    chunk = _chunk(0, *_ids(3))
    await store.apply(VIEWS, 0, "log A", chunk)
    for step in range(1, 8):  # longer than ids are remembered
        await store.apply(VIEWS, 0, "log A", _chunk(2 + step, *_ids(1), slot=SLOT + step))

    assert await store.apply(VIEWS, 0, "log A", chunk) == Applied("ALREADY", 10, 0)
    assert (await store.views(ARTICLE))["all"] == 10


@pytest.mark.parametrize("start", [1, 2, 4, 100])
async def test_chunk_elsewhere_than_the_position_is_refused(store: Store, start: int) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))

    refused = await store.apply(VIEWS, 0, "log A", _chunk(start, *_ids(9)))

    assert refused == Applied("GAP", 3, 0)
    assert (await store.views(ARTICLE))["all"] == 3


async def _apply_each(store: Store, ids: Sequence[bytes], slots: Sequence[int]) -> list[int]:
    start = (await store.state(VIEWS, 0)).position
    chunks = [
        _chunk(start + step, name, slot=SLOT + slot) for step, (name, slot) in enumerate(zip(ids, slots, strict=True))
    ]
    return [(await store.apply(VIEWS, 0, "log A", chunk)).counted for chunk in chunks]


async def test_repeated_id_counts_once_until_four_other_slots_were_used(store: Store) -> None:
    again, other = _ids(2)

    assert await _apply_each(store, [again] * 5, [0, 0, 1, -1, 7]) == [1, 0, 0, 0, 0]
    assert await _apply_each(store, _ids(4), [8, 9, 10, 11]) == [1] * 4
    assert await _apply_each(store, [again, other], [11, 11]) == [1, 1]


async def test_repeated_adjustment_never_counts_twice(store: Store) -> None:
    counted = []
    for step in (0, 1, 9):
        chunk = Chunk(step, step + 1, SLOT + step, f"after {step}")
        chunk.add(View(b"an adjustment id", ARTICLE, MINUTE, "a", "-7"))
        counted.append((await store.apply(VIEWS, 0, "log A", chunk)).counted)
        if step == 1:
            await _apply_each(store, _ids(7), range(2, 9))

    assert counted == [1, 0, 0]
    assert (await store.views(ARTICLE))["all"] == 0
    await _apply_each(store, _ids(1), [20])
    assert (await store.views(ARTICLE))["all"] == 1


async def test_remembered_ids_of_one_slot_are_bounded(redis_url: str, store: Store) -> None:
    async with connect(f"{redis_url}/5") as client:
        small = Store(client, most_ids=10)
        first, last = _ids(1), _ids(1)

        counted = await _apply_each(small, [*first, *_ids(60), *last, *last, *first], [0] * 64)
        sizes = [await client.scard(key) async for key in client.scan_iter("popularity:{p0}:ids:*")]

    assert counted == [1] * 62 + [0, 1]
    assert max(sizes) == 10
    assert sum(sizes) <= 40


async def test_chunk_of_another_log_is_refused(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))

    assert await store.apply(VIEWS, 0, "log B", _chunk(3, *_ids(2))) == Applied("WRONG_LOG", 3, 0)
    assert await store.apply(VIEWS, 1, "log A", _chunk(0)) == Applied("UNKNOWN", 0, 0)


async def test_new_log_starts_at_its_beginning_and_keeps_counts_and_ids(store: Store) -> None:
    ids = _ids(3)
    await store.apply(VIEWS, 0, "log A", _chunk(0, *ids))

    assert await store.adopt_log(VIEWS, 0, "log B") == 0
    assert await store.apply(VIEWS, 0, "log B", _chunk(0, *ids, *_ids(1))) == Applied("OK", 4, 1)
    assert (await store.views(ARTICLE))["all"] == 4


async def test_former_log_continues_at_its_last_position(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    await store.adopt_log(VIEWS, 0, "log B")
    await store.apply(VIEWS, 0, "log B", _chunk(0, *_ids(2)))

    assert await store.adopt_log(VIEWS, 0, "log A") == 3  # an owner that was suspended and sees the former broker
    assert await store.adopt_log(VIEWS, 0, "log B") == 2
    assert await store.adopt_log(VIEWS, 0, "log B", instead_of=await store.state(VIEWS, 0)) == 0


async def test_log_starts_over_only_if_its_state_has_not_changed(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(2)))
    read_at = await store.state(VIEWS, 0)
    await store.apply(VIEWS, 0, "log A", _chunk(2, *_ids(3)))  # another owner advances

    assert await store.adopt_log(VIEWS, 0, "log A", instead_of=read_at) == 5
    assert await store.adopt_log(VIEWS, 0, "log A", instead_of=await store.state(VIEWS, 0)) == 0


async def test_retired_bucket_leaves_its_window_and_takes_no_late_view(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    hour, day = SPANS[0], SPANS[1]

    while await store.retire_buckets(0, hour, MINUTE + 1):
        pass
    await store.apply(VIEWS, 0, "log A", _chunk(3, *_ids(2)))
    await store.retire_buckets(0, day, MINUTE // HOUR * HOUR - DAY)

    assert await store.views(ARTICLE) == {"1h": 0, "24h": 5, "7d": 5, "30d": 5, "all": 5}


async def _tops(store: Store, *rankings: Ranked) -> list[dict[str, float]]:
    return (await RankingStore(store._redis, 360.0).tops([0], rankings, 10))[0]


async def test_withdrawn_article_is_unranked_and_an_old_state_is_ignored(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    withdrawn = ArticleWithdrawn(**{**_published(version=3).model_dump(), "status": "withdrawn"})

    assert await store.upsert_article(withdrawn)
    assert not await store.upsert_article(_published(version=2))
    assert not await store.copy_places(0)
    assert await _tops(store, ("all", None), ("all", "s:world")) == [{}, {}]
    assert await store.upsert_article(_published(version=4, section="economy"))
    assert not await store.copy_places(0)
    tops = await _tops(store, ("all", None), ("24h", "s:world"), ("24h", "s:economy"))
    assert tops == [{ARTICLE: 3}, {}, {ARTICLE: 3}]


async def test_erased_article_leaves_only_counts(store: Store) -> None:
    await store.upsert_article(Erased(id=ARTICLE))

    card = (await store.cards([ARTICLE]))[ARTICLE]
    assert (card.status, card.headline, card.url) == ("erased", "", "")
    assert not await store.upsert_article(_published())


@pytest.mark.parametrize(
    "key", ["sum:7d", "trend", "hours:2026-02-08", f"visitors:2026-02-08:{ARTICLE}", "days", "dirty"]
)
async def test_key_of_a_wrong_type_fails_the_script_before_any_write(store: Store, key: str) -> None:
    await store._redis.delete("popularity:{p0}:dirty")
    await store._redis.set(f"popularity:{{p0}}:{key}", "of another type")

    with pytest.raises(Unavailable) as raised:
        await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))

    assert isinstance(raised.value.__cause__, ResponseError)
    assert (await store.state(VIEWS, 0)).position == 0
    assert (await store._redis.keys("popularity:{p0}:[bh]*:*")) in ([], [f"popularity:{{p0}}:{key}".encode()])
    assert (await store._redis.keys("popularity:{p0}:ids*")) == []


async def test_sum_that_is_no_number_fails_the_script_before_any_write(store: Store) -> None:
    field = f"{ARTICLE}|{MINUTE}|n"
    await store._redis.hset("popularity:{p0}:hours:2026-02-08", field, "many")

    with pytest.raises(Unavailable):
        await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))

    assert (await store.state(VIEWS, 0)).position == 0
    assert await store._redis.exists("popularity:{p0}:sum:all", "popularity:{p0}:ids", "popularity:{p0}:days") == 0


async def test_sums_of_many_articles_and_sections_are_written_in_several_commands(store: Store) -> None:
    many = 4500  # twice as many arguments do not fit on Lua's stack
    chunk = Chunk(0, many, SLOT, "f")
    for number in range(many):
        chunk.add(View(uuid4().bytes, f"unknown-{number}", MINUTE, section=f"section-{number}"))

    assert await store.apply(VIEWS, 0, "log A", chunk) == Applied("OK", many, many)

    aside = cast(
        list[tuple[bytes, float]], await store._redis.zrange("popularity:{p0}:aside:all", 0, -1, withscores=True)
    )
    hours = await store._redis.hvals("popularity:{p0}:hours:2026-02-08")
    scopes = await store._redis.hvals("popularity:{p0}:scopes:2026-02-08")
    assert (len(aside), {score for _, score in aside}) == (many, {1})
    assert sorted(map(int, hours)) == [1] * many
    assert sorted(map(int, scopes)) == [1] * many + [many]


async def test_scripts_are_sent_again_when_redis_has_lost_them(store: Store) -> None:
    await store._redis.script_flush()

    assert (await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(1)))).status == "OK"


async def test_trend_survives_a_pause_and_forgets_another_half_life(redis_url: str, store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    later = MINUTE + 700 * 360  # in half-lives: a double overflows at 1,024

    await store.apply(VIEWS, 0, "log A", _chunk(3, *_ids(2), minute=later))
    after_pause = await store._redis.zscore("popularity:{p0}:trend", ARTICLE)
    async with connect(f"{redis_url}/5") as client:
        quick = Store(client, Counts(half_life=10.0))
        await quick.apply(VIEWS, 0, "log A", _chunk(5, *_ids(1), minute=later))

    assert after_pause == 2 + 3 * 2.0**-700
    assert await store._redis.zscore("popularity:{p0}:trend", ARTICLE) == 1
    assert await store._redis.smembers("popularity:{p0}:dirty") == {ARTICLE.encode()}


async def test_landmark_of_a_clock_that_was_ahead_comes_back(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3), minute=MINUTE + 5_000_000))

    await store.prune_trends(0, MINUTE * 60_000)
    await store.apply(VIEWS, 0, "log A", _chunk(3, *_ids(2)))

    assert await store._redis.zscore("popularity:{p0}:trend", ARTICLE) == 2


async def test_hosts_of_a_day_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_HOSTS", 2)
    chunk = Chunk(0, 4, SLOT, "f")
    for name, host in zip(_ids(4), "abcd", strict=True):
        chunk.add(View(name, ARTICLE, MINUTE, "x", host))

    await store.apply(VIEWS, 0, "log A", chunk)

    hosts = await store._redis.hgetall(HOSTS)
    assert sorted(hosts.values()) == [b"1", b"1", b"2"]
    assert hosts["…".encode()] == b"2"


async def test_host_with_more_views_takes_the_place_of_an_invented_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST_HOSTS", 3)
    for start, hosts in ((0, "aabc"), (4, "ddd"), (7, "dbec")):
        chunk = Chunk(start, start + len(hosts), SLOT, "f")
        for name, host in zip(_ids(len(hosts)), hosts, strict=True):
            chunk.add(View(name, ARTICLE, MINUTE, "x", host))
        assert (await store.apply(VIEWS, 0, "log A", chunk)).status == "OK"

    kept = {
        str(host, "utf-8") if isinstance(host, bytes) else host: int(n)
        for host, n in (await store._redis.hgetall(HOSTS)).items()
    }
    assert sum(kept.values()) == 11
    assert kept["d"] == 4
    assert len(kept) <= 4


async def test_readers_of_the_present_are_kept_for_ten_minutes(store: Store) -> None:
    minute = int(time()) // 60
    chunk = Chunk(0, 3, SLOT, "f")
    for name in _ids(3):
        chunk.add(View(name, ARTICLE, minute, section="world", visitor=name[:8]))

    await store.apply(VIEWS, 0, "log A", chunk)

    for key in (f"popularity:{{p0}}:readers:{minute}", f"popularity:{{p0}}:readers:{minute}:s:world"):
        assert await store._redis.pfcount(key) == 3
        assert 0 < await store._redis.ttl(key) <= 600


async def test_readers_of_the_present_belong_to_the_section_of_their_view(store: Store) -> None:
    minute = int(time()) // 60
    chunk = Chunk(0, 5, SLOT, "f")
    for name, section in zip(_ids(5), ["world", "world", "world", "sports", "sports"], strict=True):
        chunk.add(View(name, ARTICLE, minute, section=section, visitor=name[:8]))

    await store.apply(VIEWS, 0, "log A", chunk)

    base = f"popularity:{{p0}}:readers:{minute}"
    counts = [await store._redis.pfcount(key) for key in (base, f"{base}:s:world", f"{base}:s:sports")]
    assert counts == [5, 3, 2]


async def test_articles_of_a_former_version_are_placed_once(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    await store._redis.delete("popularity:{p0}:dirty")
    await store._redis.zadd("popularity:{p0}:sum:all:world", {ARTICLE: 1})
    await store._redis.hdel(f"popularity:{{p0}}:article:{ARTICLE}", "places")

    await store.place_all(0, ["world"])
    assert not await store.copy_places(0)

    assert await _tops(store, ("all", "s:world"), ("all", "l:en")) == [{ARTICLE: 3}, {ARTICLE: 3}]
    assert not await store._redis.exists("popularity:{p0}:sum:all:world")


async def test_memory_of_an_active_article_is_bounded(store: Store) -> None:
    """Views by five classes in each hour of two days, and in each bucket of each window: the most that an article has."""
    await store.upsert_article(_published().model_copy(update={"id": OTHER, "tags": ("a", "b", "c", "d", "e")}))
    await _fill(store, ARTICLE)
    before = await _memory(store)

    await _fill(store, OTHER)
    grown = await _memory(store) - before

    print(f"an active article takes {grown} bytes")
    assert grown < MOST_BYTES_OF_AN_ARTICLE


async def _fill(store: Store, article: str) -> None:
    backs = [*range(61), *range(60, 8 * DAY, HOUR), *range(8 * DAY, 30 * DAY, DAY)]
    for back in sorted(backs, reverse=True):
        position = (await store.state(VIEWS, 0)).position
        chunk = Chunk(position, position + 25, SLOT, "f")
        for name in _ids(25):
            chunk.add(View(name, article, MINUTE - back, "soixn"[len(chunk.views) % 5], "", "world", name[:8]))
        assert (await store.apply(VIEWS, 0, "log A", chunk)).status == "OK"
    while await store.copy_places(0):
        pass


async def _memory(store: Store) -> int:
    """Bytes of all keys but rolled-up days, the visitors of tags, and the event ids, which have a bound of their own."""
    keys = [
        key
        async for key in store._redis.scan_iter("popularity:{p0}:*")
        if b":ids" not in key
        and not (b":t:" in key and b":visitors:" in key)
        and (b":2026-" not in key or b"-02-08" in key or b"-02-07" in key)
    ]
    return sum([int(await store._redis.memory_usage(key, samples=0) or 0) for key in keys])
