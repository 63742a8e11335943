"""What the gateway reads: pages' contents by key, and the versions of all that was read.

    reading = Reading(model)                      # one for each page that is rendered
    path = await reading.path("/world/a-headline")
    article = await reading.article(path.article_id)
    ...
    reading.versions                              # {"path:/world/a-headline": 1764…, "article:…": 1764…, …}

Within one reading a document is read once, so that a page is made of one state of each. Documents that do not exist are
among the versions, at 0 if they never did: a page that says "not found" depends on them too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from services.rendering.pages.models import Card, CommentsView
from services.rendering.pages.queries import (
    CardPage,
    article_of,
    articles_of,
    comments_of,
    first_path_of,
    front_of,
    fronts_of,
    neighbours_of,
    newest_of,
    page_of,
    parts_of,
    places_of,
    recommended_for,
)
from services.rendering.readmodel.documents import BEGINNING, StoredArticle, StoredPath, StoredSitemapEntry
from services.rendering.readmodel.names import article_name, card_name, path_name, threads_name
from services.rendering.readmodel.snapshot import LoadedSnapshot, NotLoaded, Snapshot
from services.rendering.readmodel.store import ReadModel
from shared.events import ArticleState

T = TypeVar("T")


class Reading:
    """The reads behind one page. Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model
        self._shelf = LoadedSnapshot()
        self._shown: dict[str, int] = {}

    @property
    def versions(self) -> Mapping[str, int]:
        """The version of every dependency read so far."""
        return self._shelf.versions

    @property
    def shown(self) -> Mapping[str, int]:
        """The version of every card given so far, as `card:<article id>`.

        The same article stands in many lists, and lists are read one after the other: by these a page that shows an
        article's older card can be told from one that shows its newer.
        """
        return self._shown

    async def ask(self, question: Callable[[Snapshot], T]) -> T:
        """Answer a pure question (`questions.py`) about the read model, loading what it needs."""
        while True:
            try:
                return question(self._shelf)
            except NotLoaded as error:
                await self._model.load(self._shelf, error.missing)

    async def path(self, path: str) -> StoredPath | None:
        """What stands at a public path: whose it is, and whether it is `current`, `former` (301) or `withdrawn` (410)."""
        return await self.ask(lambda shelf: shelf.get(path_name(path), StoredPath))

    async def first_path(self, paths: Iterable[str]) -> StoredPath | None:
        """The first of several paths under which anything stands; all are read at once."""
        names = [path_name(path) for path in paths]
        return await self.ask(lambda shelf: first_path_of(shelf, names))

    async def article(self, article_id: str) -> ArticleState | None:
        """A published article; None for one that is unknown, withdrawn or erased."""
        article = await self.ask(lambda shelf: article_of(shelf, article_id))
        if article is not None:
            stored = await self.ask(lambda shelf: shelf.get(article_name(article_id), StoredArticle))
            self._shown[card_name(article_id)] = stored.card_version if stored is not None else 0
        return article

    async def language(self, article_id: str) -> str:
        """The language of an article, also of a withdrawn one; empty for one that is unknown or erased."""
        stored = await self.ask(lambda shelf: shelf.get(article_name(article_id), StoredArticle))
        return "" if stored is None or stored.state is None else stored.state.language

    async def fronts(self, listings: Sequence[str]) -> Mapping[str, CardPage]:
        """The newest of several lists at once (the home page: `site` and each `section:<slug>`)."""
        pages = await self.ask(lambda shelf: fronts_of(shelf, listings))
        self._show(card for page in pages.values() for card in page.cards)
        return pages

    async def front(self, listing: str) -> CardPage | None:
        """The newest of a list, None where there never was one."""
        page = await self.ask(lambda shelf: front_of(shelf, listing))
        self._show(page.cards if page is not None else ())
        return page

    async def page(self, listing: str, number: int) -> CardPage | None:
        """A numbered page of a list, None where there is no such page."""
        page = await self.ask(lambda shelf: page_of(shelf, listing, number))
        self._show(page.cards if page is not None else ())
        return page

    async def neighbours(self, article: ArticleState) -> tuple[Card | None, Card | None]:
        """The next older and the next newer article of the same section."""
        neighbours = await self.ask(lambda shelf: neighbours_of(shelf, article))
        self._show(card for card in neighbours if card is not None)
        return neighbours

    async def recommended(self, article: ArticleState, most: int) -> tuple[Card, ...]:
        """Others that a reader of this one may want: most tags in common first, then the newest of its section."""
        cards = await self.ask(lambda shelf: recommended_for(shelf, article, most))
        self._show(cards)
        return cards

    async def newest(self, listing: str, most: int, since: datetime = BEGINNING[0]) -> tuple[Card, ...]:
        """The newest of a list, newest first: at most so many, and only those published since a moment."""
        cards = await self.ask(lambda shelf: newest_of(shelf, listing, most, since))
        self._show(cards)
        return cards

    async def articles(self, article_ids: Sequence[str]) -> tuple[ArticleState, ...]:
        """Several articles at once, without those that are not published (any more)."""
        return await self.ask(lambda shelf: articles_of(shelf, article_ids))

    async def places(self, part: int | None) -> tuple[StoredSitemapEntry, ...] | None:
        """What a part of the sitemap names, None where there is no such part; see `parts`."""
        return await self.ask(lambda shelf: places_of(shelf, part))

    async def parts(self) -> Mapping[int | None, datetime]:
        """The parts of the sitemap that name anything, the newest (None) first, each with its latest change."""
        return await self.ask(parts_of)

    async def comments(self, article: ArticleState, page: int | None = None) -> CommentsView | None:
        """An article's threads: the newest page, or a numbered one (None where there is no such page)."""
        talk = await self.ask(lambda shelf: comments_of(shelf, article, page))
        return None if talk is None else replace(talk, version=self._shelf.versions[threads_name(article.id)])

    def _show(self, cards: Iterable[Card]) -> None:
        for card in cards:
            name = card_name(card.article_id)
            self._shown[name] = min(card.version, self._shown.get(name, card.version))
