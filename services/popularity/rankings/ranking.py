"""Rankings: exact merges of the partitions' tops, published when they change and when they grow old.

One counter computes them, the holder of the first partition of views.v1. Two holders for a moment do no harm: both read the
same Redis, and of two rankings the later one wins.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

import structlog

from services.popularity import metrics
from services.popularity.model.rules import top
from services.popularity.model.store import Card, PartitionState, Store
from shared import topics
from shared.errors import Unavailable
from shared.events import WINDOWS, RankedArticle, RankingComputed, Window, encode
from shared.kafka.producer import Producer
from shared.times import now

_log = structlog.get_logger(__name__)

MOST = 100
# Polls for the work of other counters, which shows only in Redis.
_LOOK_EVERY_S = 0.25
# `on_change` reports all work of a counter that is alone.
_LOOK_ALONE_EVERY_S = 1.0
_PAUSE_AFTER_FAILURE_S = 0.5
# Calls of copy_places in a partition before its tops are read. Further changes are copied in the next turn.
_MOST_COPIES = 20

Scope = tuple[Window, str | None]
Lines = list[tuple[str, int]]


class Ranker:
    """Keeps rankings.v1 current while `leads` returns true for this process."""

    def __init__(
        self,
        store: Store,
        producer: Producer,
        *,
        sections: Sequence[str],
        leads: Callable[[], bool],
        is_alone: Callable[[], bool],
        log_id: Callable[[], str],
        every_s: float,
        fresh_s: float,
    ) -> None:
        self._store = store
        self._producer = producer
        self._scopes: list[Scope] = [(window, section) for window in WINDOWS for section in (None, *sections)]
        self._leads = leads
        self._is_alone = is_alone
        self._log_id = log_id
        self._every_s = every_s
        self._fresh_s = fresh_s
        self._changed = asyncio.Event()
        self._worked = False
        self._forget()

    def _forget(self) -> None:
        """Forget all state, so that everything is read and published again."""
        self._states: list[PartitionState] = []
        self._tops: dict[int, list[dict[str, int]]] = {}
        self._behind: set[int] = set()
        self._cards: dict[str, Card] = {}
        self._published: dict[Scope, tuple[RankedArticle, ...]] = {}
        self._published_at: dict[Scope, float] = {}
        self._published_in = ""

    def on_change(self) -> None:
        """Counts may have changed: look now."""
        self._changed.set()

    async def run(self) -> None:
        """Rank until cancelled."""
        while True:
            started = monotonic()
            try:
                await self.look()
            except Unavailable as error:
                _log.warning("ranking.waits", reason=str(error))
                self._forget()
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)
            await asyncio.sleep(max(0.0, self._every_s - (monotonic() - started)) if self._worked else 0)
            await self._until_change()

    async def _until_change(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_ALONE_EVERY_S if self._is_alone() else _LOOK_EVERY_S):
                await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self._changed.clear()

    async def look(self) -> None:
        """Publish the rankings that have changed, have grown old, or are not in this log yet."""
        self._worked = False
        if not self._leads():
            self._forget()
            return
        if self._published_in != self._log_id():
            self._forget()
            self._published_in = self._log_id()
        changed = await self._read_changes()
        due = [scope for scope in self._scopes if self._is_due(scope)]
        if not changed and not due:
            return
        self._worked = True
        with metrics.RANKING_SECONDS.time():
            await self._publish(set(due))

    def _is_due(self, scope: Scope) -> bool:
        return monotonic() - self._published_at.get(scope, float("-inf")) > self._fresh_s

    async def _read_changes(self) -> bool:
        states = await self._store.states()
        before = self._states or [PartitionState(revision=-1)] * len(states)
        changed = [
            number
            for number, state in enumerate(states)
            if number in self._behind or state.revision != before[number].revision
        ]
        self._behind.clear()
        if any(states[number].cards != before[number].cards for number in changed):
            self._cards.clear()
        for number in changed:
            await self._copy_places(number)
            self._tops[number] = await self._store.tops(number, self._scopes, MOST)
        self._states = states
        return bool(changed)

    async def _copy_places(self, number: int) -> None:
        for _ in range(_MOST_COPIES):
            if not await self._store.copy_places(number):
                return
        self._behind.add(number)

    async def _publish(self, due: set[Scope]) -> None:
        lines = {
            scope: top([self._tops[number][index] for number in sorted(self._tops)], MOST)
            for index, scope in enumerate(self._scopes)
        }
        await self._load_cards(article for ranked in lines.values() for article, _ in ranked)
        items = {scope: self._items(ranked) for scope, ranked in lines.items()}
        wanted = [scope for scope in self._scopes if scope in due or items[scope] != self._published.get(scope)]
        await self._send(wanted, items)

    async def _load_cards(self, articles: Iterable[str]) -> None:
        missing = sorted(set(articles) - self._cards.keys())
        self._cards |= await self._store.cards(missing)

    def _items(self, ranked: Lines) -> tuple[RankedArticle, ...]:
        return tuple(
            RankedArticle(
                article_id=article,
                headline=card.headline,
                url=card.url,
                section=card.section,
                language=card.language or "en",
                views=views,
            )
            for article, views in ranked
            if views > 0 and (card := self._cards.get(article)) is not None and card.status == "published"
        )

    async def _send(self, wanted: Sequence[Scope], items: dict[Scope, tuple[RankedArticle, ...]]) -> None:
        computed_at = now()
        covers = {str(number): state.position for number, state in enumerate(self._states)}
        rankings = [
            RankingComputed(
                window=window, section=section, computed_at=computed_at, items=items[window, section], covers=covers
            )
            for window, section in wanted
        ]
        if not rankings:
            return
        await self._producer.send(*(encode(ranking) for ranking in rankings))
        metrics.RANKINGS_PUBLISHED.inc(len(rankings))
        for scope in wanted:
            self._published[scope] = items[scope]
            self._published_at[scope] = monotonic()


def is_alone(partitions: Sequence[tuple[str, int]]) -> bool:
    """Whether the holder of these partitions is the only counter: it holds all of views.v1."""
    return sum(topic == topics.VIEWS.name for topic, _ in partitions) == topics.VIEWS.partitions


def is_leader(partitions: Sequence[tuple[str, int]]) -> bool:
    """Whether the holder of these partitions ranks."""
    return (topics.VIEWS.name, 0) in partitions
