"""Articles for the api: cards from Redis, cached for a second, and a bounded wait for one that was just published."""

import asyncio
from dataclasses import dataclass
from time import monotonic, time

import orjson

from services.popularity.model.store import Card, Store, views_partition
from shared.arrival import find_arriving
from shared.ids import created_ms

# A withdrawal takes effect after this time at the latest. A hot article is refreshed at half of it, in the background.
_FRESH_S = 1.0
_AGEING_S = 0.5
_MOST_HELD = 20_000
# Wait for an id this young before answering 404.
_YOUNG_MS = 15 * 60_000
_MOST_AWAITED = 64


@dataclass(frozen=True, slots=True)
class Known:
    """A card, and the parts of its views' records."""

    card: Card
    partition: int
    key: bytes
    fragment: bytes


def known_article(article: str, card: Card) -> Known:
    """Precompute the parts of an article's views, so that each view costs less."""
    fields = orjson.dumps({"article_id": article, "section": card.section})
    return Known(card, views_partition(article), article.encode(), fields[1:-1])


class ArticleIndex:
    """Look-ups by id. Concurrent ones are merged: a thousand views of one article read Redis once a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, tuple[Known, float]] = {}
        self._lookups: dict[str, asyncio.Task[Known | None]] = {}

    def held(self, article: str) -> Known | None:
        """The card, if it was read within the last second. An ageing one is refreshed in the background."""
        known, fresh_until = self._held.get(article, (None, 0.0))
        left_s = fresh_until - monotonic()
        if left_s < _AGEING_S and known is not None and article not in self._lookups:
            self._start_lookup(article)
        return known if left_s > 0 else None

    async def find(self, article: str) -> Known | None:
        """The card, None when there is no such article. Raises Unavailable when Redis does not answer."""
        return self.held(article) or await self.find_anew(article)

    async def find_anew(self, article: str) -> Known | None:
        """Like `find`, but always from Redis: a withdrawal takes effect at once."""
        return await asyncio.shield(self._lookups.get(article) or self._start_lookup(article))

    def _start_lookup(self, article: str) -> "asyncio.Task[Known | None]":
        may_wait = len(self._lookups) < _MOST_AWAITED and _is_young(article)
        lookup = asyncio.create_task(self._look(article, waits=may_wait))
        self._lookups[article] = lookup
        lookup.add_done_callback(lambda _: self._lookups.pop(article, None))
        return lookup

    async def _look(self, article: str, *, waits: bool) -> Known | None:
        async def read_card() -> Card | None:
            return (await self._store.cards([article])).get(article)

        card = await find_arriving(read_card, waits=waits)
        return None if card is None or card.status == "erased" else self._hold(article, card)

    def _hold(self, article: str, card: Card) -> Known:
        if len(self._held) >= _MOST_HELD:
            self._held.clear()
        known = known_article(article, card)
        self._held[article] = (known, monotonic() + _FRESH_S)
        return known


def _is_young(article: str) -> bool:
    created = created_ms(article)
    return created is not None and abs(time() * 1000 - created) < _YOUNG_MS
