"""The last five minutes: distinct readers of the site and its sections, and the articles that they read."""

from collections.abc import Callable, Sequence

from services.popularity.model.store import Store
from services.popularity.numbers.contract import Now, ReadArticle, ReadersNow
from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.periods import moment_of

_MINUTES = 5
_MOST_ARTICLES = 50
# Articles of each minute and partition that are added up.
_MOST_OF_A_MINUTE = 200


class Present:
    """Reads the last five minutes. An article's readers are its views: a visitor's second one in half an hour does not count."""

    def __init__(
        self, live: LiveStore, store: Store, sections: Sequence[str], rising: Callable[[], frozenset[str]]
    ) -> None:
        self._live = live
        self._store = store
        self._sections = sections
        self._rising = rising

    async def now(self, minute: int) -> Now:
        """The numbers of `minute` and the four before it. Raises Unavailable."""
        minutes = [minute - back for back in range(_MINUTES)]
        site, *sections = await self._live.readers(minutes, self._sections)
        return Now(
            at=moment_of(minute),
            readers=ReadersNow(site=site, sections=dict(zip(self._sections, sections, strict=True))),
            articles=await self._articles(minutes),
        )

    async def _articles(self, minutes: Sequence[int]) -> list[ReadArticle]:
        viewed = await self._live.viewed(minutes, _MOST_OF_A_MINUTE)
        first = sorted(viewed, key=lambda article: (-viewed[article], article))[:_MOST_ARTICLES]
        cards, rising = await self._store.cards(first), self._rising()
        return [
            ReadArticle(
                article_id=article,
                headline=card.headline,
                url=card.url,
                section=card.section,
                readers=viewed[article],
                rising=article in rising,
            )
            for article in first
            if viewed[article] > 0 and (card := cards.get(article)) is not None and card.status == "published"
        ]
