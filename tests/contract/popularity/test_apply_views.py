"""The scripts against a model: two owners, retries, redelivery, an older Redis, new logs, moving articles, stepping clocks.

Everything runs on a real Redis through the consumer's own code. The model knows no positions: it derives every sum, trend,
detail of a day and set of visitors from the events whose ids were counted.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from math import fsum
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

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
from services.popularity.model import chunks as chunks_module
from services.popularity.model import store as store_module
from services.popularity.model.chunks import ADJUSTED, DROPPED, NOBODY, View, read_view
from services.popularity.model.rules import (
    FADED_VIEWS,
    MOST_ID_SETS,
    SPANS,
    day_of,
    horizon,
    hour_start,
    id_slot,
)
from services.popularity.model.store import Counts, Store, views_partition
from shared.events import (
    ArticlePublished,
    ArticleState,
    ArticleWithdrawn,
    Message,
    PageViewed,
    Record,
    ViewsAdjusted,
    encode,
)
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch, PositionDiffers
from shared.redis import connect
from tests.support.examples import examples

ARTICLES = [name for name in (f"article-{number}" for number in range(60)) if views_partition(name) == 0][:3]
START_MS = int(datetime(2026, 2, 8, 12, tzinfo=UTC).timestamp() * 1000)
BASE = "popularity:{p0}:"


ZONE = ZoneInfo("Asia/Kathmandu")  # its days begin at 18:15 UTC
HALF_LIFE = 60.0


@dataclass(frozen=True)
class Counted:
    """A counted event: a view, a dropped view or an adjustment, and the scopes where it counted."""

    view: View
    scopes: tuple[str, ...]

    @property
    def n(self) -> int:
        return int(self.view.detail) if self.view.letter == ADJUSTED else 1

    @property
    def day(self) -> str:
        return day_of(self.view.minute, ZONE)

    @property
    def suffix(self) -> str:
        return f"|{hour_start(self.view.minute, ZONE)}|{self.view.letter}"


@dataclass
class Known:
    """The expected content of Redis. Events by id, as first counted; `trends` has the minutes that have not faded."""

    events: dict[bytes, Counted] = field(default_factory=dict)
    trends: dict[str, tuple[int, ...]] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    retired: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "Known":
        return Known(*(dict(value) for value in vars(self).values()))

    def count(self, view: View) -> None:
        if view.id in self.events:
            return
        places = self.places.get(view.article, ())
        section = f"s:{view.section}"
        if view.letter == ADJUSTED:
            section = next((place for place in places if place.startswith("s:")), "")
        others = tuple(place for place in places if not place.startswith("s:"))
        self.events[view.id] = Counted(view, tuple(scope for scope in ("site", section, *others) if scope))
        if view.letter not in (ADJUSTED, DROPPED):
            self.trends[view.article] = (*self.trends.get(view.article, ()), view.minute)

    def sums(self) -> dict[str, Counter[str]]:
        """Every expected sum, by the end of its key."""
        found: dict[str, Counter[str]] = {}
        for event in self._without(DROPPED):
            article, minute = event.view.article, event.view.minute
            places = self.places.get(article, ())
            for window, size in [("all", 0), *((span.window, span.bucket) for span in SPANS)]:
                if size and minute - minute % size < self.retired.get(window, 0):
                    continue
                for name in [f"sum:{window}{place}" for place in ("", *(f":{p}" for p in places))]:
                    found.setdefault(name if places else f"aside:{window}", Counter())[article] += event.n
                    if not places:
                        break
        return found

    def details(self) -> dict[str, Counter[str]]:
        """The expected detail of each day, by the end of its key."""
        found: dict[str, Counter[str]] = {}
        for event in self._without(DROPPED):
            view, day = event.view, event.day
            found.setdefault(f"day:{day}", Counter())[view.article] += event.n
            found.setdefault(f"hours:{day}", Counter())[view.article + event.suffix] += event.n
            for scope in event.scopes:
                found.setdefault(f"scopes:{day}", Counter())[scope + event.suffix] += event.n
            if view.letter == "x":
                found.setdefault(f"hosts:{day}", Counter())[view.detail] += 1
        for event in self.events.values():
            if event.view.letter == DROPPED:
                found.setdefault(f"dropped:{event.day}", Counter())[event.view.detail] += 1
        return found

    def visitors(self) -> dict[str, set[bytes]]:
        """The expected visitors by the end of their key."""
        found: dict[str, set[bytes]] = {}
        for event in self._without(DROPPED, ADJUSTED):
            if event.view.visitor != NOBODY:
                for scope in (event.view.article, *event.scopes):
                    found.setdefault(f"visitors:{event.day}:{scope}", set()).add(event.view.visitor)
        return found

    def _without(self, *letters: str) -> list[Counted]:
        return [event for event in self.events.values() if event.view.letter not in letters]

    def forget_faded(self, now: int) -> None:
        for article in list(self.trends):
            if decayed(self.trends[article], now) < FADED_VIEWS:
                del self.trends[article]


def decayed(minutes: Sequence[int], now: int) -> float:
    """The exact sum of decayed views."""
    return fsum(2 ** ((minute - now) / HALF_LIFE) for minute in minutes)


drawn_views = st.fixed_dictionaries(
    {"article_id": st.sampled_from(ARTICLES)},
    optional={
        "referrer": st.sampled_from(["search", "social", "site", "none"]),
        "visitor": st.integers(1, 20).map(lambda number: f"{number:016x}"),
        "dropped": st.sampled_from(["bot", "repeat", None, None]),
    },
).map(lambda view: view if "referrer" in view else {**view, "referrer": "other", "referrer_host": "example.org"})


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
        self.store = Store(self.redis, Counts(ZONE, HALF_LIFE))
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
        uncounted = [record.offset for record in self.logs[self.log] if _id(record) not in self.known.events]
        assert not uncounted, "views were acknowledged and never counted"
        self.sums_match_the_counted_views()
        self.runner.run(self.visitors_match())
        self.runner.run(self.redis.aclose())
        self.runner.close()

    # Events outside the owners.

    @rule(views=st.lists(drawn_views, min_size=1, max_size=5), ago=st.integers(0, 4000))
    def views_are_acknowledged(self, views: list[dict[str, str | None]], ago: int) -> None:
        for view in views:
            self._append(self._view(UUID(int=next(self.numbers)), ago, **view))

    @precondition(lambda self: self.logs[self.log])
    @rule(data=st.data())
    def a_view_is_sent_again(self, data: st.DataObject) -> None:
        recent = _remembered(self.logs[self.log])
        for record in data.draw(st.lists(st.sampled_from(recent), min_size=1, max_size=4)):
            self._append(self._view(UUID(bytes=_id(record)), 0, article_id=record.key.decode(), visitor="f" * 16))

    @rule(article=st.sampled_from(ARTICLES), views=st.integers(-3, 2), ago=st.integers(0, 4000))
    def an_admin_adjusts(self, article: str, views: int, ago: int) -> None:
        at = datetime.fromtimestamp(self.now_ms // 1000, UTC)
        fields = {"article_id": article, "views": views, "reason": "fraud", "by": "Ann", "adjusted_at": at}
        name, start = UUID(int=next(self.numbers)), at - timedelta(minutes=ago)
        self._append(encode(ViewsAdjusted(id=name, window_start=start, **fields)))

    def _view(self, name: UUID, ago: int, **fields: str | None) -> Message:
        viewed_at = datetime.fromtimestamp(self.now_ms // 1000 - ago * 60, UTC)
        return encode(PageViewed(id=name, section="world", viewed_at=viewed_at, **fields))

    def _append(self, message: Message) -> None:
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
            self.known.count(read_view(record))

    @rule(article=st.sampled_from(ARTICLES), section=st.sampled_from(["world", "economy", ""]), step=st.integers(0, 2))
    def an_article_moves(self, article: str, section: str, step: int) -> None:
        version = max(1, self.known.versions.get(article, 0) + step)
        taken = self.runner.run(self.store.upsert_article(_article(article, version, section)))
        assert taken == (version > self.known.versions.get(article, 0))
        if taken:
            places = (f"s:{section}", f"t:of {section}", "l:en") if section else ()
            self.known.versions[article], self.known.places[article] = version, places

    @rule()
    def finished_buckets_are_retired(self) -> None:
        for span in SPANS:
            until = horizon(span, self.now_ms)
            while self.runner.run(self.store.retire_buckets(0, span, until)):
                pass
            self.known.retired[span.window] = max(until, self.known.retired.get(span.window, 0))

    @rule()
    def faded_trends_are_removed(self) -> None:
        while self.runner.run(self.store.prune_trends(0, self.now_ms)):
            pass
        self.known.forget_faded(self.now_ms // 60_000)

    # Invariants.

    @invariant()
    def sums_match_the_counted_views(self) -> None:
        if not hasattr(self, "runner"):
            return
        while self.runner.run(self.store.copy_places(0)):
            pass
        found, buckets = self.runner.run(_sums(self.redis))
        assert _without_zeros(found) == _without_zeros(self.known.sums())
        for span in SPANS:
            total = _sum(found.get(f"sum:{span.window}", {}), found.get(f"aside:{span.window}", {}))
            assert _nonzero(buckets.get(span.window, {})) == _nonzero(total), "buckets and sums differ"
        self.runner.run(self.details_match())
        self.runner.run(self.trends_match())

    async def details_match(self) -> None:
        found: dict[str, Mapping[str, int]] = {}
        async for key in self.redis.scan_iter(f"{BASE}*"):
            name = key.decode().removeprefix(BASE)
            if name.startswith(("hours:", "scopes:", "hosts:", "dropped:")):
                found[name] = {field: int(n) for field, n in (await _fields(self.redis, name)).items()}
            elif name.startswith("day:"):
                found[name] = await _members(self.redis, key)
        expected = self.known.details()
        assert _without_zeros(found) == _without_zeros(expected)
        assert (await _fields(self.redis, "days")).keys() == {name.split(":")[1] for name in expected}

    async def trends_match(self) -> None:
        landmark = int(await self.redis.hget(f"{BASE}state", "landmark") or 0)
        found = await _scores(self.redis, "trend") | await _scores(self.redis, "aside:trend")
        assert found == pytest.approx(
            {article: decayed(minutes, landmark) for article, minutes in self.known.trends.items()}, rel=1e-9
        )
        for place in ("s:world", "t:of economy", "l:en"):
            copied = await _scores(self.redis, f"trend:{place}")
            ranked = {article: n for article, n in found.items() if place in self.known.places.get(article, ())}
            assert {article: 2 ** (n - landmark / HALF_LIFE) for article, n in copied.items()} == pytest.approx(
                ranked, rel=1e-9
            )

    async def visitors_match(self) -> None:
        expected = self.known.visitors()
        names = {key.decode().removeprefix(BASE) async for key in self.redis.scan_iter(f"{BASE}visitors:*")}
        assert names == expected.keys()
        for name, visitors in expected.items():
            await self.redis.delete("expected")
            await self.redis.pfadd("expected", *visitors)
            both = await self.redis.pfcount("expected", BASE + name)
            assert await self.redis.pfcount("expected") == await self.redis.pfcount(BASE + name) == both

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


def _article(name: str, version: int, section: str) -> ArticleState:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    kind, status = (ArticlePublished, "published") if section else (ArticleWithdrawn, "withdrawn")
    fields = {"slug": name, "url": f"/{name}", "headline": name, "section": section or "world", "status": status}
    tags = (f"Of {section}",)
    return kind(id=name, version=version, created_at=at, updated_at=at, published_at=at, tags=tags, **fields)


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
        if name.startswith("bucket:"):
            buckets.setdefault(name.split(":")[1], Counter()).update(await _members(redis, key))
        elif name.startswith(("sum:", "aside:")) and name != "aside:trend":
            sums[name] = await _members(redis, key)
    return sums, buckets


async def _fields(redis: Redis, name: str) -> dict[str, bytes]:
    found = cast(dict[bytes, bytes], await redis.hgetall(BASE + name))
    return {field.decode(): value for field, value in found.items()}


async def _members(redis: Redis, key: bytes) -> dict[str, int]:
    pairs = cast(list[tuple[bytes, float]], await redis.zrange(key, 0, -1, withscores=True))
    return {member.decode(): int(score) for member, score in pairs}


async def _scores(redis: Redis, name: str) -> dict[str, float]:
    pairs = cast(list[tuple[bytes, float]], await redis.zrange(BASE + name, 0, -1, withscores=True))
    return {member.decode(): score for member, score in pairs}


def _nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    return {member: n for member, n in counts.items() if n}


def _without_zeros(found: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """A view and its adjustment may leave a sum of zero, or none."""
    return {name: counts for name, given in found.items() if (counts := _nonzero(given))}


def _sum(*given: Mapping[str, int]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counts in given:
        total.update(counts)
    return total


def test_scripts_agree_with_the_model(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("_RETIRED_AT_ONCE", "_PRUNED_AT_ONCE", "_COPIED_AT_ONCE"):
        monkeypatch.setattr(store_module, bound, 2)
    monkeypatch.setattr(store_module, "FARTHEST_LANDMARK", 3)
    monkeypatch.setattr(chunks_module, "MOST_RECORDS_A_CALL", 3)
    monkeypatch.setattr(ApplyViews, "redis_url", f"{redis_url}/4")

    run_state_machine_as_test(
        ApplyViews,
        settings=settings(
            max_examples=examples(30), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
