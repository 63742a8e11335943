"""Reads the partitions of Redis that have changed, and makes rankings of all."""

from collections.abc import Mapping, Sequence

from services.popularity.model.ranking_store import Ranked, RankingStore, Recent
from services.popularity.model.store import Card, PartitionState, Store
from services.popularity.rankings.rules import RISING_FROM, Line, decayed_views, rising_score, top
from shared.events import RankedArticle, RankingName

MOST = 100
# Calls of copy_places in a partition before its tops are read. Further changes are copied in the next turn.
_MOST_COPIES = 40

Scope = tuple[RankingName, str | None]


class RankingReader:
    """The rankings of the site and its sections, from the newest state of each partition. Raises Unavailable."""

    def __init__(self, store: Store, rankings: RankingStore, scopes: Sequence[Scope]) -> None:
        self._store = store
        self._rankings = rankings
        self._scopes = [scope for scope in scopes if scope[0] != "rising"]
        self._ranked: list[Ranked] = [(name, f"s:{section}" if section else None) for name, section in self._scopes]
        self._sections = [section for name, section in scopes if name == "rising"]
        self.states: list[PartitionState] = []
        self._behind: set[int] = set()
        self._placed: set[int] = set()
        self._tops: dict[int, list[dict[str, float]]] = {}
        self._recent: dict[int, dict[str, Recent]] = {}
        self._cards: dict[str, Card] = {}

    async def read_changes(self) -> bool:
        """Read the partitions that have changed; whether there were any."""
        states = await self._store.states()
        before = self.states or [PartitionState(revision=-1)] * len(states)
        changed = [
            number
            for number, state in enumerate(states)
            if number in self._behind or state.revision != before[number].revision
        ]
        if any(states[number].cards != before[number].cards for number in changed):
            self._cards.clear()
        self._behind = {number for number in changed if await self._copy_places(number)}
        for number, tops in zip(changed, await self._rankings.tops(changed, self._ranked, MOST), strict=True):
            self._tops[number], self._recent[number] = tops, await self._rankings.recent(number)
        self.states = states
        return bool(changed)

    @property
    def is_behind(self) -> bool:
        """Whether sums have changed that the rankings of places do not have yet."""
        return bool(self._behind)

    async def _copy_places(self, number: int) -> bool:
        if number not in self._placed:
            await self._store.place_all(number, [section for section in self._sections if section])
            self._placed.add(number)
        for _ in range(_MOST_COPIES):
            if not await self._store.copy_places(number):
                return False
        return True

    async def rankings(self, minute: int) -> dict[Scope, tuple[RankedArticle, ...]]:
        """All rankings at a minute. Only published articles rank."""
        lines: dict[Scope, Sequence[Line]] = {}
        for index, scope in enumerate(self._scopes):
            ranked = top([self._tops[number][index] for number in sorted(self._tops)], MOST)
            lines[scope] = [Line(article, int(score)) for article, score in ranked]
            if scope[0] == "trending":
                lines[scope] = [Line(article, 0, self._decayed(score, minute)) for article, score in ranked]
        await self._add_views(lines)
        risen = await self._risen(minute)
        await self._load_cards({line.article for found in lines.values() for line in found})
        for section in self._sections:
            lines["rising", section] = [line for line in risen if section in (None, self._section_of(line))][:MOST]
        return {scope: to_items(found, self._cards) for scope, found in lines.items()}

    def _decayed(self, trend: float, minute: int) -> float:
        return round(decayed_views(trend, minute, self._rankings.half_life), 3)

    async def _add_views(self, lines: dict[Scope, Sequence[Line]]) -> None:
        trending = {line.article for scope, found in lines.items() if scope[0] == "trending" for line in found}
        views = await self._rankings.views("24h", sorted(trending))
        for scope in [scope for scope in lines if scope[0] == "trending"]:
            lines[scope] = [Line(line.article, views[line.article], line.score) for line in lines[scope]]

    async def _risen(self, minute: int) -> list[Line]:
        recent = {article: found for part in self._recent.values() for article, found in part.items()}
        await self._load_cards({article for article, found in recent.items() if may_rise(found)})
        return risen(recent, self._cards, minute)

    async def _load_cards(self, articles: set[str]) -> None:
        self._cards |= await self._store.cards(sorted(articles - self._cards.keys()))

    def _section_of(self, line: Line) -> str:
        return self._cards[line.article].section


def may_rise(recent: Recent) -> bool:
    """Whether an article with these views rises if it has no past; with fewer views of the last hour none does."""
    return recent.hour >= 2 * RISING_FROM


def risen(recent: Mapping[str, Recent], cards: Mapping[str, Card], minute: int) -> list[Line]:
    """The articles that rise, the steepest first."""
    scores = {
        article: rising_score(recent[article].hour, recent[article].day, minute - card.published)
        for article, card in cards.items()
        if article in recent
    }
    first = top([{article: score for article, score in scores.items() if score >= RISING_FROM}], len(scores))
    return [Line(article, recent[article].hour, round(score, 2)) for article, score in first]


def to_items(lines: Sequence[Line], cards: Mapping[str, Card]) -> tuple[RankedArticle, ...]:
    """The lines of published articles with views."""
    return tuple(
        RankedArticle(
            article_id=line.article,
            headline=card.headline,
            url=card.url,
            section=card.section,
            language=card.language or "en",
            views=line.views,
            score=line.score,
        )
        for line in lines
        if line.views > 0 and (card := cards.get(line.article)) is not None and card.status == "published"
    )
