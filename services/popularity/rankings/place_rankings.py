"""Rankings of tags and languages, straight from Redis: there are too many of them for rankings.v1."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.popularity.model.held import Held
from services.popularity.model.ranking_store import RankingStore
from services.popularity.model.store import Card, Store
from services.popularity.rankings.reading import may_rise, risen, to_items
from services.popularity.rankings.rules import Line, decayed_views, top
from shared import topics
from shared.events import RankedArticle, RankingName

_MOST = 100
_HELD_S = 2.0
# Tags are free text, so a client can ask for many.
_MOST_HELD = 256
_PARTITIONS = range(topics.VIEWS.partitions)

Found = tuple[datetime, tuple[RankedArticle, ...]]


@dataclass(frozen=True)
class Risen:
    """All articles that rise, the steepest first, by place."""

    at: datetime
    lines: Mapping[str, Sequence[Line]]
    cards: Mapping[str, Card]


class PlaceRankings:
    """Rankings of places, held for two seconds. Concurrent questions for one ranking read Redis once. Raises Unavailable.

    What rises is computed once for all places, so that questions for invented tags cost little.
    """

    def __init__(self, store: Store, rankings: RankingStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._rankings = rankings
        self._now = now
        self._tops: Held[tuple[RankingName, str], Found] = Held(self._read, hold_s=_HELD_S, most=_MOST_HELD)
        self._risen: Held[None, Risen] = Held(self._read_risen, hold_s=_HELD_S, most=1)

    async def find(self, name: RankingName, place: str) -> Found:
        """A ranking of a place (`t:lakes`, `l:ar`), and when it was read."""
        if name == "rising":
            found = await self._risen.find(None)
            return found.at, to_items(found.lines.get(place, ())[:_MOST], found.cards)
        return await self._tops.find((name, place))

    async def _read(self, ranking: tuple[RankingName, str]) -> Found:
        at = self._now()
        lines = await self._top(*ranking, _minute(at))
        return at, to_items(lines, await self._store.cards([line.article for line in lines]))

    async def _top(self, name: RankingName, place: str, minute: int) -> list[Line]:
        found = top([tops[0] for tops in await self._rankings.tops(_PARTITIONS, [(name, place)], _MOST)], _MOST)
        if name != "trending":
            return [Line(article, int(score)) for article, score in found]
        views = await self._rankings.views("24h", [article for article, _ in found])
        half_life = self._rankings.half_life
        return [Line(one, views[one], round(decayed_views(score, minute, half_life), 3)) for one, score in found]

    async def _read_risen(self, _: None) -> Risen:
        at = self._now()
        found = await asyncio.gather(*(self._rankings.recent(number) for number in _PARTITIONS))
        recent = {article: views for part in found for article, views in part.items() if may_rise(views)}
        cards = await self._store.cards(sorted(recent))
        lines: dict[str, list[Line]] = {}
        for line in risen(recent, cards, _minute(at)):
            for place in cards[line.article].places:
                lines.setdefault(place, []).append(line)
        return Risen(at, lines, cards)


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60
