"""What the API knows of articles: Redis' cards, held for a moment, and a bounded wait for one that was just published."""

import asyncio
from dataclasses import dataclass
from time import monotonic, time

import orjson

from services.popularity.store import Card, Store, views_partition
from shared.ids import created_ms

# A withdrawal shows here at most so late. A hot article is looked up anew at half that time, while its views go on.
_FRESH_S = 1.0
_AGEING_S = 0.5
_MOST_HELD = 20_000
# The counter hears of a publication a moment after the editor does: an id this young is waited for before it is unknown.
_YOUNG_MS = 15 * 60_000
_WAIT_S = 1.5
_LOOK_EVERY_S = 0.1
_MOST_AWAITED = 64


@dataclass(frozen=True, slots=True)
class Known:
    """A card, and what each view of its article is written with."""

    card: Card
    partition: int
    key: bytes
    fragment: bytes


def known_article(article: str, card: Card) -> Known:
    """What is worked out once for an article, so that a view of it costs less."""
    fields = orjson.dumps({"article_id": article, "section": card.section})
    return Known(card, views_partition(article), article.encode(), fields[1:-1])


class ArticleIndex:
    """Look-ups by id, merged while under way, so that a thousand views of one article ask Redis once a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, tuple[Known, float]] = {}
        self._asking: dict[str, asyncio.Task[Known | None]] = {}

    def held(self, article: str) -> Known | None:
        """The card, if it was looked up within the last second; one that ages is asked for anew, and nobody waits for it."""
        known, fresh_until = self._held.get(article, (None, 0.0))
        left_s = fresh_until - monotonic()
        if left_s < _AGEING_S and known is not None and article not in self._asking:
            self._start_asking(article)
        return known if left_s > 0 else None

    async def find(self, article: str) -> Known | None:
        """The card, None when there is no such article. Raises Unavailable when Redis does not answer."""
        return self.held(article) or await self.find_anew(article)

    async def find_anew(self, article: str) -> Known | None:
        """As `find`, but as Redis has it now: a withdrawal, or its end, shows at once."""
        return await asyncio.shield(self._asking.get(article) or self._start_asking(article))

    def _start_asking(self, article: str) -> "asyncio.Task[Known | None]":
        may_wait = len(self._asking) < _MOST_AWAITED and _is_young(article)
        asking = asyncio.create_task(self._look(article, _WAIT_S if may_wait else 0.0))
        self._asking[article] = asking
        asking.add_done_callback(lambda _: self._asking.pop(article, None))
        return asking

    async def _look(self, article: str, patience_s: float) -> Known | None:
        deadline = monotonic() + patience_s
        while True:
            card = (await self._store.cards([article])).get(article)
            if card is not None and card.status != "erased":
                return self._hold(article, card)
            if card is not None or monotonic() >= deadline:
                return None
            await asyncio.sleep(_LOOK_EVERY_S)

    def _hold(self, article: str, card: Card) -> Known:
        if len(self._held) >= _MOST_HELD:
            self._held.clear()
        known = known_article(article, card)
        self._held[article] = (known, monotonic() + _FRESH_S)
        return known


def _is_young(article: str) -> bool:
    created = created_ms(article)
    return created is not None and abs(time() * 1000 - created) < _YOUNG_MS
