"""Popularity's scripts, one promise at a time, on a real Redis. What comes of them together: test_popularity_gate.py."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from redis.exceptions import ResponseError

from services.popularity.rules import DAY, HOUR, ID_SLOT_MS, SPANS, Chunk, View
from services.popularity.store import Applied, Store, views_partition
from shared.errors import Unavailable
from shared.events import ArticlePublished, ArticleWithdrawn, Erased
from shared.redis import connect

VIEWS = "views.v1"
ARTICLE = next(name for name in (f"article-{number}" for number in range(60)) if views_partition(name) == 0)
AT = datetime(2026, 2, 8, 12, tzinfo=UTC)
MINUTE = int(AT.timestamp()) // 60
SLOT = MINUTE * 60_000 // ID_SLOT_MS


def _chunk(start: int, *ids: bytes, slot: int = SLOT, minute: int = MINUTE) -> Chunk:
    chunk = Chunk(start, start + max(1, len(ids)), slot, f"after {start}")
    for name in ids:
        chunk.add(View(name, ARTICLE, minute))
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
    await store.adopt(VIEWS, 0, "log A")
    await store.place(_published())
    yield store
    await store.close()


async def test_a_chunk_that_joins_is_counted_and_moves_the_position(store: Store) -> None:
    assert await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3))) == Applied("OK", 3, 3)

    assert (await store.state(VIEWS, 0)).position == 3
    assert await store.views(ARTICLE) == {"1h": 3, "24h": 3, "7d": 3, "30d": 3, "all": 3}


async def test_a_chunk_that_was_applied_changes_nothing_however_old_its_ids_are(store: Store) -> None:
    chunk = _chunk(0, *_ids(3))
    await store.apply(VIEWS, 0, "log A", chunk)
    for step in range(1, 8):  # long past the memory of ids
        await store.apply(VIEWS, 0, "log A", _chunk(2 + step, *_ids(1), slot=SLOT + step))

    assert await store.apply(VIEWS, 0, "log A", chunk) == Applied("ALREADY", 10, 0)
    assert (await store.views(ARTICLE))["all"] == 10


@pytest.mark.parametrize("start", [1, 2, 4, 100])
async def test_a_chunk_that_does_not_join_is_refused(store: Store, start: int) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))

    refused = await store.apply(VIEWS, 0, "log A", _chunk(start, *_ids(9)))

    assert refused == Applied("GAP", 3, 0)
    assert (await store.views(ARTICLE))["all"] == 3


async def test_an_id_that_comes_again_counts_once_for_half_an_hour_of_the_log(store: Store) -> None:
    again = _ids(1)
    counted = [
        (await store.apply(VIEWS, 0, "log A", _chunk(number, *again, slot=SLOT + slot))).counted
        for number, slot in enumerate([0, 0, 1, 2, 4, 7])
    ]

    assert counted == [1, 0, 0, 0, 0, 1]


async def test_a_chunk_of_another_log_is_refused(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))

    assert await store.apply(VIEWS, 0, "log B", _chunk(3, *_ids(2))) == Applied("WRONG_LOG", 3, 0)
    assert await store.apply(VIEWS, 1, "log A", _chunk(0)) == Applied("UNKNOWN", 0, 0)


async def test_a_new_log_begins_at_its_beginning_with_counts_and_ids_kept(store: Store) -> None:
    ids = _ids(3)
    await store.apply(VIEWS, 0, "log A", _chunk(0, *ids))

    assert await store.adopt(VIEWS, 0, "log B") == 0
    assert await store.apply(VIEWS, 0, "log B", _chunk(0, *ids, *_ids(1))) == Applied("OK", 4, 1)
    assert (await store.views(ARTICLE))["all"] == 4


async def test_a_log_that_was_left_is_gone_on_with_and_not_begun_again(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    await store.adopt(VIEWS, 0, "log B")
    await store.apply(VIEWS, 0, "log B", _chunk(0, *_ids(2)))

    assert await store.adopt(VIEWS, 0, "log A") == 3  # an owner that slept, and sees the broker of before
    assert await store.adopt(VIEWS, 0, "log B") == 2
    assert await store.adopt(VIEWS, 0, "log B", instead_of=await store.state(VIEWS, 0)) == 0


async def test_a_log_is_started_over_only_where_it_was_when_it_was_looked_at(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(2)))
    looked_at = await store.state(VIEWS, 0)
    await store.apply(VIEWS, 0, "log A", _chunk(2, *_ids(3)))  # another owner goes on

    assert await store.adopt(VIEWS, 0, "log A", instead_of=looked_at) == 5
    assert await store.adopt(VIEWS, 0, "log A", instead_of=await store.state(VIEWS, 0)) == 0


async def test_a_finished_bucket_leaves_its_window_and_a_late_view_of_it_is_not_added(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    hour, day = SPANS[0], SPANS[1]

    while await store.retire(0, hour, MINUTE + 1):
        pass
    await store.apply(VIEWS, 0, "log A", _chunk(3, *_ids(2)))
    await store.retire(0, day, MINUTE // HOUR * HOUR - DAY)

    assert await store.views(ARTICLE) == {"1h": 0, "24h": 5, "7d": 5, "30d": 5, "all": 5}


async def test_a_withdrawn_article_stands_aside_and_an_old_state_cannot_bring_it_back(store: Store) -> None:
    await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))
    withdrawn = ArticleWithdrawn(**{**_published(version=3).model_dump(), "status": "withdrawn"})

    assert await store.place(withdrawn)
    assert not await store.place(_published(version=2))
    assert await store.tops(0, [("all", None), ("all", "world")], 10) == [{}, {}]
    assert await store.place(_published(version=4, section="economy"))
    tops = await store.tops(0, [("all", None), ("24h", "world"), ("24h", "economy")], 10)
    assert tops == [{ARTICLE: 3}, {}, {ARTICLE: 3}]


async def test_an_erased_article_leaves_nothing_but_numbers(store: Store) -> None:
    await store.place(Erased(id=ARTICLE))

    card = (await store.cards([ARTICLE]))[ARTICLE]
    assert (card.status, card.headline, card.url) == ("erased", "", "")
    assert not await store.place(_published())


async def test_a_key_of_a_wrong_type_stops_the_script_before_anything_is_written(store: Store) -> None:
    await store._redis.set("popularity:{p0}:sum:7d:world", "not a sorted set")

    with pytest.raises(Unavailable) as raised:
        await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(3)))

    assert isinstance(raised.value.__cause__, ResponseError)
    assert (await store.state(VIEWS, 0)).position == 0
    assert (await store._redis.keys("popularity:{p0}:bucket:*")) == []
    assert (await store._redis.keys("popularity:{p0}:ids*")) == []


async def test_a_key_is_bound_to_its_first_request_and_remembers_the_answer(store: Store) -> None:
    assert await store.claim_key("k", "one") == (True, False)
    assert await store.claim_key("k", "one") == (True, False)
    await store.answer_key("k", "one")
    assert await store.claim_key("k", "one") == (True, True)
    assert await store.claim_key("k", "two") == (False, True)


async def test_the_scripts_come_back_when_redis_has_forgotten_them(store: Store) -> None:
    await store._redis.script_flush()

    assert (await store.apply(VIEWS, 0, "log A", _chunk(0, *_ids(1)))).status == "OK"
