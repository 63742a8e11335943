"""The scripts against a model: two owners, retries, redelivery, an older Redis, new logs, moving articles, stepping clocks.

Everything runs on a real Redis through the consumer's own code. The model knows no positions: it derives every sum from the
event ids that were counted.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis.asyncio import Redis

from services.popularity.counting.consumers import CounterSink
from services.popularity.model import store as store_module
from services.popularity.model.rules import MOST_ID_SETS, SPANS, horizon, id_slot
from services.popularity.model.store import Store, views_partition
from shared.events import ArticlePublished, ArticleState, ArticleWithdrawn, PageViewed, Record, encode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch, PositionDiffers
from shared.redis import connect
from tests.support.examples import examples

ARTICLES = [name for name in (f"article-{number}" for number in range(60)) if views_partition(name) == 0][:3]
START_MS = int(datetime(2026, 2, 8, 12, tzinfo=UTC).timestamp() * 1000)
BASE = "popularity:{p0}:"


@dataclass
class Known:
    """The expected content of Redis. Views by event id: article and minute as first counted."""

    views: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    retired: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "Known":
        return Known(dict(self.views), dict(self.places), dict(self.versions), dict(self.retired))

    def sums(self) -> dict[str, Counter[str]]:
        """Every expected sum, by the end of its key."""
        found: dict[str, Counter[str]] = {}
        for article, minute in self.views.values():
            place = self.places.get(article, "")
            for window, size in [("all", 0), *((span.window, span.bucket) for span in SPANS)]:
                if size and minute - minute % size < self.retired.get(window, 0):
                    continue
                names = [f"sum:{window}", f"sum:{window}:{place}"] if place else [f"aside:{window}"]
                for name in names:
                    found.setdefault(name, Counter())[article] += 1
        return found


@dataclass
class Owner:
    """A counter: its belief about the log, its position, and its current batch."""

    log: str = ""
    position: int = 0
    batch: Batch | None = None


class ApplyViews(RuleBasedStateMachine):
    """One partition, two owners."""

    redis_url = ""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.redis: Redis = connect(self.redis_url)
        self.store = Store(self.redis)
        letters = DeadLetters(Producer("127.0.0.1:1", idempotence=False), "test")
        self.sink = CounterSink(self.store, letters, bootstrap="", adopts=True, on_change=lambda: None)
        self.runner.run(_flush(self.redis))
        self.now_ms = START_MS
        self.numbers = count(1)
        self.logs: dict[str, list[Record]] = {}
        self.known = Known()
        self.snapshot: tuple[Mapping[bytes, bytes], Known] | None = None
        self.owners = [Owner(), Owner()]
        self.come_back_empty()

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        for _ in range(2):  # the first pass may discover another log
            self.drain()
        uncounted = [record.offset for record in self.logs[self.log] if _id(record) not in self.known.views]
        assert not uncounted, "views were acknowledged and never counted"
        self.sums_match_the_counted_views()
        self.runner.run(self.redis.aclose())
        self.runner.close()

    # Events outside the owners.

    @rule(articles=st.lists(st.sampled_from(ARTICLES), min_size=1, max_size=5), ago=st.integers(0, 4000))
    def views_are_acknowledged(self, articles: list[str], ago: int) -> None:
        for article in articles:
            self._append(UUID(int=next(self.numbers)), article, ago)

    @precondition(lambda self: self.logs[self.log])
    @rule(data=st.data())
    def a_view_is_sent_again(self, data: st.DataObject) -> None:
        recent = _remembered(self.logs[self.log])
        for record in data.draw(st.lists(st.sampled_from(recent), min_size=1, max_size=4)):
            self._append(UUID(bytes=_id(record)), record.key.decode(), 0)

    def _append(self, name: UUID, article: str, ago: int) -> None:
        viewed_at = datetime.fromtimestamp(self.now_ms // 1000 - ago * 60, UTC)
        message = encode(PageViewed(id=name, article_id=article, section="world", viewed_at=viewed_at))
        log = self.logs[self.log]
        log.append(Record("views.v1", 0, len(log), message.key, message.value, message.headers, self.now_ms))

    @rule(minutes=st.sampled_from([1, 10, 16, 61, 300, 1500, -1, -16, -40, -300]))
    def the_clock_moves(self, minutes: int) -> None:
        self.now_ms += minutes * 60_000

    @rule()
    def come_back_empty(self) -> None:
        """The broker loses its log and begins another one."""
        self.log = f"log {len(self.logs)}"
        self.logs[self.log] = []

    @rule()
    def remember_redis(self) -> None:
        self.snapshot = self.runner.run(_dump(self.redis)), self.known.copy()

    @precondition(lambda self: self.snapshot is not None)
    @rule()
    def redis_comes_back_older(self) -> None:
        assert self.snapshot is not None
        self.runner.run(_restore(self.redis, self.snapshot[0]))
        self.known = self.snapshot[1].copy()

    # Actions of the owners.

    @rule(number=st.integers(0, 1))
    def an_owner_is_assigned(self, number: int) -> None:
        owner = self.owners[number]
        owner.log, owner.batch = self.log, None
        owner.position = self.runner.run(self._position_in(self.log))

    async def _position_in(self, log: str) -> int:
        state = await self.store.state("views.v1", 0)
        return await self.sink._position(("views.v1", 0), state, log, recreated=False)

    @precondition(lambda self: len(self.logs) > 1)
    @rule()
    def a_suspended_owner_adopts_a_former_log(self) -> None:
        self.runner.run(self._position_in(list(self.logs)[-2]))

    @rule(number=st.integers(0, 1), size=st.integers(1, 6))
    def an_owner_fetches(self, number: int, size: int) -> None:
        owner = self.owners[number]
        records = self.logs[owner.log][owner.position : owner.position + size] if owner.log == self.log else []
        if records:
            end = records[-1].offset + 1
            owner.batch = Batch("views.v1", 0, owner.position, end, records, owner.log)

    @rule(number=st.integers(0, 1), answered=st.booleans())
    def an_owner_applies(self, number: int, answered: bool) -> None:
        """Without an answer the owner keeps the batch, though it was applied."""
        owner = self.owners[number]
        # The runner checks the log's identity after the fetch and drops records of another log.
        if owner.batch is None or owner.log != self.log:
            return
        batch = owner.batch
        try:
            self.runner.run(self.sink.apply(batch))
        except PositionDiffers as differs:
            owner.batch, owner.position = None, differs.position
            return
        self._count(batch.records)
        owner.batch, owner.position = (None, batch.end) if answered else (batch, owner.position)

    @rule(number=st.integers(0, 1), sizes=st.lists(st.integers(1, 6), min_size=1, max_size=3))
    def an_owner_works(self, number: int, sizes: list[int]) -> None:
        if not self.owners[number].log:
            self.an_owner_is_assigned(number)
        for size in sizes:
            self.an_owner_fetches(number, size)
            self.an_owner_applies(number, True)

    def _count(self, records: Sequence[Record]) -> None:
        for record in records:
            viewed = int(datetime.fromisoformat(_viewed_at(record)).timestamp()) // 60
            self.known.views.setdefault(_id(record), (record.key.decode(), viewed))

    @rule(article=st.sampled_from(ARTICLES), section=st.sampled_from(["world", "economy", ""]), step=st.integers(0, 2))
    def an_article_moves(self, article: str, section: str, step: int) -> None:
        version = max(1, self.known.versions.get(article, 0) + step)
        taken = self.runner.run(self.store.upsert_article(_article(article, version, section)))
        assert taken == (version > self.known.versions.get(article, 0))
        if taken:
            self.known.versions[article], self.known.places[article] = version, section

    @rule()
    def finished_buckets_are_retired(self) -> None:
        for span in SPANS:
            until = horizon(span, self.now_ms)
            while self.runner.run(self.store.retire_buckets(0, span, until)):
                pass
            self.known.retired[span.window] = max(until, self.known.retired.get(span.window, 0))

    # Invariants.

    @invariant()
    def sums_match_the_counted_views(self) -> None:
        if not hasattr(self, "runner"):
            return
        found, buckets = self.runner.run(_sums(self.redis))
        expected = self.known.sums()
        assert found == {name: dict(counts) for name, counts in expected.items()}
        for span in SPANS:
            total = Counter(found.get(f"sum:{span.window}", {})) + Counter(found.get(f"aside:{span.window}", {}))
            assert buckets.get(span.window, Counter()) == total, "buckets and sums differ"

    def drain(self) -> None:
        """One owner applies the rest without disturbance."""
        self.an_owner_is_assigned(0)
        owner = self.owners[0]
        while owner.position < len(self.logs[self.log]):
            self.an_owner_fetches(0, 4)
            self.an_owner_applies(0, True)


def _id(record: Record) -> bytes:
    return UUID(record.header("ce_id")).bytes


def _remembered(log: Sequence[Record]) -> Sequence[Record]:
    """The records whose ids Redis must know: fewer than MOST_ID_SETS other slots were written after each."""
    slots: set[int] = set()
    for number, record in reversed(list(enumerate(log))):
        slots.add(id_slot(record.timestamp_ms))
        if len(slots) > MOST_ID_SETS:
            return log[number + 1 :]
    return log


def _viewed_at(record: Record) -> str:
    return PageViewed.model_validate_json(record.value or b"").viewed_at.isoformat()


def _article(name: str, version: int, section: str) -> ArticleState:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    kind, status = (ArticlePublished, "published") if section else (ArticleWithdrawn, "withdrawn")
    fields = {"slug": name, "url": f"/{name}", "headline": name, "section": section or "world", "status": status}
    return kind(id=name, version=version, created_at=at, updated_at=at, published_at=at, **fields)


async def _dump(redis: Redis) -> dict[bytes, bytes]:
    return {key: await redis.dump(key) or b"" async for key in redis.scan_iter()}


async def _flush(redis: Redis) -> None:
    await redis.flushdb()


async def _restore(redis: Redis, snapshot: Mapping[bytes, bytes]) -> None:
    await redis.flushdb()
    for key, value in snapshot.items():
        await redis.restore(key, 0, value)


async def _sums(redis: Redis) -> tuple[dict[str, dict[str, int]], dict[str, Counter[str]]]:
    sums: dict[str, dict[str, int]] = {}
    buckets: dict[str, Counter[str]] = {}
    async for key in redis.scan_iter(f"{BASE}*"):
        name = key.decode().removeprefix(BASE)
        if name.startswith(("sum:", "aside:", "bucket:")):
            pairs = cast(list[tuple[bytes, float]], await redis.zrange(key, 0, -1, withscores=True))
            members = {member.decode(): int(score) for member, score in pairs}
            if name.startswith("bucket:"):
                buckets.setdefault(name.split(":")[1], Counter()).update(members)
            else:
                sums[name] = members
    return sums, buckets


def test_scripts_agree_with_the_model(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_RETIRED_AT_ONCE", 2)
    monkeypatch.setattr(ApplyViews, "redis_url", f"{redis_url}/4")

    run_state_machine_as_test(
        ApplyViews,
        settings=settings(
            max_examples=examples(30), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
