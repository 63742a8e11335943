"""The cost of counting and ranking with a million articles, against that with a thousand: it should not depend on their number."""

import statistics
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from time import perf_counter, time
from uuid import uuid4

from redis.asyncio import Redis

from services.popularity.model.chunks import Chunk, View
from services.popularity.model.ranking_store import RankingStore
from services.popularity.model.store import Store, base_of
from services.popularity.rankings.reading import RankingReader, Scope
from shared import topics
from shared.events import RANKINGS
from shared.redis import connect
from tests.bench.engines import running_engines
from tests.bench.measure import Measure
from tests.support.polling import eventually

FEW, MANY = 1_000, 1_000_000
TURNS = 9
_VIEWS = 200
_AT_ONCE = 1_000
# Every article has views in two windows, a trend and a section; the first of each partition have cards.
_FILL = """
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local article = string.format('%026d', i)
  for _, name in ipairs({'sum:all', 'sum:24h', 'sum:all:s:world', 'sum:24h:s:world', 'trend'}) do
    redis.call('ZADD', KEYS[1] .. name, (i * 7919) % 1000 + 1, article)
  end
  if i % 1000 < 200 then
    redis.call('HSET', KEYS[1] .. 'article:' .. article, 'place', 'world', 'places', 's:world', 'status', 'published',
      'headline', 'A headline', 'url', '/world/' .. i, 'section', 'world', 'language', 'en')
  end
end
return 1
"""


async def measure_rank_read_million() -> Measure:
    """One turn of counting 200 views in each partition and ranking: milliseconds with many articles, and with few."""
    with running_engines() as environment:
        few = await _measure(environment["WM_REDIS"] + "/7", FEW)
        many = await _measure(environment["WM_REDIS"] + "/8", MANY)
    return Measure("rank_read_million", many, few, unit="ms", bar=1.2, sense="at_most")


async def _measure(address: str, articles: int) -> float:
    async with aclosing(connect(address)) as redis:
        await _fill(redis, articles // topics.VIEWS.partitions)
        store = Store(redis)
        scopes: list[Scope] = [(name, section) for name in RANKINGS for section in (None, "world")]
        reader = RankingReader(store, RankingStore(redis, 360.0), scopes)
        # Cards of places are copied once when a partition is new; a running site has done it.
        for number in range(topics.VIEWS.partitions):
            await redis.hset(f"{base_of(topics.VIEWS.name, number)}state", "placed", "1")
        return statistics.median([await _turn(store, reader, turn) for turn in range(TURNS)])


async def _fill(redis: Redis, articles: int) -> None:
    for number in range(topics.VIEWS.partitions):
        base = base_of(topics.VIEWS.name, number)
        await Store(redis).adopt_log(topics.VIEWS.name, number, "log")
        for first in range(0, articles, _AT_ONCE):
            await redis.eval(_FILL, 1, base, first, min(articles, first + _AT_ONCE) - 1)
        await redis.hset(f"{base}state", mapping={"landmark": int(time()) // 60, "half_life": 360})

    # Redis rewrites its file after so many writes, and each page that changes meanwhile is copied.
    async def rests() -> bool:
        found = await redis.info("persistence")
        return not found["aof_rewrite_in_progress"] and not found["aof_rewrite_scheduled"]

    await eventually(rests, within_s=300, what="Redis has rewritten its file")


async def _turn(store: Store, reader: RankingReader, turn: int) -> float:
    minute = int(time()) // 60
    chunks = []
    for number in range(topics.VIEWS.partitions):
        chunk = Chunk(turn * _VIEWS, (turn + 1) * _VIEWS, minute // 15, "f")
        for index in range(_VIEWS):
            article = f"{(index * 37 + turn) % (FEW // topics.VIEWS.partitions):026d}"
            chunk.add(View(uuid4().bytes, article, minute, section="world", visitor=uuid4().bytes[:8]))
        chunks.append((number, chunk))
    started = perf_counter()
    for number, chunk in chunks:
        applied = await store.apply(topics.VIEWS.name, number, "log", chunk)
        assert applied.status == "OK", applied
    assert await reader.read_changes()
    assert await reader.rankings(minute)
    return (perf_counter() - started) * 1000


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"rank_read_million": measure_rank_read_million}
