"""Rankings of tags and languages, straight from Redis: there are too many of them for rankings.v1."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from services.popularity.model.ranking_store import RankingStore
from services.popularity.model.store import Store
from services.popularity.rankings.reading import risen, to_items
from services.popularity.rankings.rules import Line, decayed_views, top
from shared import topics
from shared.events import RankedArticle, RankingName

_MOST = 100
_HELD_S = 2.0
# Tags are free text, so a client can ask for many.
_MOST_HELD = 256
_PARTITIONS = range(topics.VIEWS.partitions)

Found = tuple[datetime, tuple[RankedArticle, ...]]


class PlaceRankings:
    """Rankings of places, held for two seconds. Concurrent questions for one ranking read Redis once. Raises Unavailable."""

    def __init__(self, store: Store, rankings: RankingStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._rankings = rankings
        self._now = now
        self._held: OrderedDict[tuple[RankingName, str], tuple[float, asyncio.Task[Found]]] = OrderedDict()

    async def find(self, name: RankingName, place: str) -> Found:
        """A ranking of a place (`t:lakes`, `l:ar`), and when it was read."""
        until, task = self._held.get((name, place), (0.0, None))
        if task is None or monotonic() > until or (task.done() and task.exception() is not None):
            task = asyncio.create_task(self._read(name, place))
            self._held[name, place] = monotonic() + _HELD_S, task
            if len(self._held) > _MOST_HELD:
                self._held.popitem(last=False)
        return await asyncio.shield(task)

    async def _read(self, name: RankingName, place: str) -> Found:
        at = self._now()
        minute = int(at.timestamp()) // 60
        lines = await (self._risen(place, minute) if name == "rising" else self._top(name, place, minute))
        return at, to_items(lines, await self._store.cards([line.article for line in lines]))

    async def _top(self, name: RankingName, place: str, minute: int) -> list[Line]:
        found = top([tops[0] for tops in await self._rankings.tops(_PARTITIONS, [(name, place)], _MOST)], _MOST)
        if name != "trending":
            return [Line(article, int(score)) for article, score in found]
        views = await self._rankings.views("24h", [article for article, _ in found])
        half_life = self._rankings.half_life
        return [Line(one, views[one], round(decayed_views(score, minute, half_life), 3)) for one, score in found]

    async def _risen(self, place: str, minute: int) -> list[Line]:
        found = await asyncio.gather(*(self._rankings.recent(number) for number in _PARTITIONS))
        recent = {article: views for part in found for article, views in part.items()}
        cards = await self._store.cards(sorted(recent))
        return risen(recent, {name: card for name, card in cards.items() if place in card.places}, minute)[:_MOST]
