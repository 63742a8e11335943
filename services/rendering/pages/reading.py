"""Reads of the gateway: documents for one page by key, and the versions of everything read.

    reading = Reading(model)                      # one for each page to render
    path = await reading.path("/world/a-headline")
    article = await reading.article(path.article_id)
    ...
    reading.versions                              # {"path:/world/a-headline": 1764…, "article:…": 1764…, …}

A reading reads each document once, so a page shows one state of it. `versions` includes documents that do not exist (0 if
they never did): a "not found" page depends on them, too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from services.rendering.pages.comment_models import CommentOrder, CommentsView
from services.rendering.pages.comment_queries import CommentPlace, counts_of, place_of
from services.rendering.pages.models import Card
from services.rendering.pages.queries import (
    CardPage,
    EntryPage,
    aliases_of,
    article_of,
    articles_of,
    corrections_of,
    discussion_of,
    first_path_of,
    front_of,
    fronts_of,
    neighbours_of,
    newest_of,
    page_of,
    recommended_for,
    sitemap_entries,
    sitemap_parts,
)
from services.rendering.readmodel.documents import (
    BEGINNING,
    StoredArticle,
    StoredCorrection,
    StoredDiscussion,
    StoredHistory,
    StoredPath,
    StoredSitemapEntry,
)
from services.rendering.readmodel.names import (
    article_name,
    card_name,
    count_name,
    discussion_name,
    history_name,
    path_name,
    threads_name,
)
from services.rendering.readmodel.snapshot import LoadedSnapshot, NotLoaded, Snapshot
from services.rendering.readmodel.store import ReadModel
from shared.events import ArticleState

T = TypeVar("T")


class Reading:
    """The reads for one page. Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model
        self._snapshot = LoadedSnapshot()
        self._shown: dict[str, int] = {}

    @property
    def versions(self) -> Mapping[str, int]:
        """Version of every document read so far."""
        return self._snapshot.versions

    @property
    def shown(self) -> Mapping[str, int]:
        """Version of every card returned so far, as `card:<article id>`, and of every number of comments, as `count:<article id>`.

        An article is in several lists, which are read one after another. These versions distinguish a page with an older card
        of it from a page with a newer one.
        """
        return self._shown

    async def ask(self, query: Callable[[Snapshot], T]) -> T:
        """Run a pure query (`queries.py`) and load the documents that it needs."""
        while True:
            try:
                return query(self._snapshot)
            except NotLoaded as error:
                await self._model.load(self._snapshot, error.missing)

    async def path(self, path: str) -> StoredPath | None:
        """The article at a public path, and whether the path is `current`, `former` (301) or `withdrawn` (410)."""
        return await self.ask(lambda snapshot: snapshot.get(path_name(path), StoredPath))

    async def first_path(self, paths: Iterable[str]) -> StoredPath | None:
        """The first of several paths that exists. One query."""
        names = [path_name(path) for path in paths]
        return await self.ask(lambda snapshot: first_path_of(snapshot, names))

    async def article(self, article_id: str) -> ArticleState | None:
        """A published article; None if it is unknown, withdrawn or erased."""
        article = await self.ask(lambda snapshot: article_of(snapshot, article_id))
        if article is not None:
            stored = await self.ask(lambda snapshot: snapshot.get(article_name(article_id), StoredArticle))
            self._shown[card_name(article_id)] = stored.card_version if stored is not None else 0
        return article

    async def stored_article(self, article_id: str) -> tuple[StoredArticle, int] | None:
        """An article's document and the document's version; None if it is unknown or erased."""
        name = article_name(article_id)
        stored = await self.ask(lambda snapshot: snapshot.get(name, StoredArticle))
        return None if stored is None or stored.erased else (stored, self._snapshot.versions[name])

    async def language(self, article_id: str) -> str:
        """The language of an article, also of a withdrawn one; empty if it is unknown or erased."""
        stored = await self.ask(lambda snapshot: snapshot.get(article_name(article_id), StoredArticle))
        return "" if stored is None or stored.state is None else stored.state.language

    async def fronts(self, listings: Sequence[str]) -> Mapping[str, CardPage]:
        """The newest cards of several lists, by one query (the home page: `site` and each `section:<slug>`)."""
        pages = await self.ask(lambda snapshot: fronts_of(snapshot, listings))
        self._record(card for page in pages.values() for card in page.cards)
        return pages

    async def front(self, listing: str) -> CardPage | None:
        """The newest cards of a list, None if the list does not exist."""
        page = await self.ask(lambda snapshot: front_of(snapshot, listing))
        self._record(page.cards if page is not None else ())
        return page

    async def page(self, listing: str, number: int) -> CardPage | None:
        """A numbered page of a list, None if it does not exist."""
        page = await self.ask(lambda snapshot: page_of(snapshot, listing, number))
        self._record(page.cards if page is not None else ())
        return page

    async def aliases(self, listing: str) -> tuple[str, ...]:
        """The lists that once had the address of `listing`, the one with the newest article first."""
        return await self.ask(lambda snapshot: aliases_of(snapshot, listing))

    async def neighbours(self, article: ArticleState) -> tuple[Card | None, Card | None]:
        """The next older and the next newer article of the same section."""
        neighbours = await self.ask(lambda snapshot: neighbours_of(snapshot, article))
        self._record(card for card in neighbours if card is not None)
        return neighbours

    async def recommended(self, article: ArticleState, most: int) -> tuple[Card, ...]:
        """Related articles: those with most tags in common, then the newest of the section."""
        cards = await self.ask(lambda snapshot: recommended_for(snapshot, article, most))
        self._record(cards)
        return cards

    async def history(self, article_id: str) -> StoredHistory | None:
        """The public versions of an article, None if readers may see none."""
        return await self.ask(lambda snapshot: snapshot.get(history_name(article_id), StoredHistory))

    async def corrections(self, number: int | None) -> EntryPage[StoredCorrection] | None:
        """A page of the list of corrections, None if it does not exist; number None is the front."""
        return await self.ask(lambda snapshot: corrections_of(snapshot, number))

    async def newest(self, listing: str, most: int, since: datetime = BEGINNING[0]) -> tuple[Card, ...]:
        """The newest cards of a list, newest first: at most `most`, and only those published since a time."""
        cards = await self.ask(lambda snapshot: newest_of(snapshot, listing, most, since))
        self._record(cards)
        return cards

    async def articles(self, article_ids: Sequence[str]) -> tuple[ArticleState, ...]:
        """Several published articles, by one query; others are left out."""
        return await self.ask(lambda snapshot: articles_of(snapshot, article_ids))

    async def sitemap_entries(self, part: int | None) -> tuple[StoredSitemapEntry, ...] | None:
        """The entries of a part of the sitemap, None if there is no such part."""
        return await self.ask(lambda snapshot: sitemap_entries(snapshot, part))

    async def sitemap_parts(self) -> Mapping[int | None, datetime]:
        """The parts of the sitemap that have entries, the newest (None) first, each with the time of its last change."""
        return await self.ask(sitemap_parts)

    async def comments(
        self, article: ArticleState, page: int | None = None, order: CommentOrder = "oldest"
    ) -> CommentsView | None:
        """An article's threads: the newest page, or a numbered one; None if that page does not exist. The best are one page."""
        comments = await self.ask(lambda snapshot: discussion_of(snapshot, article, page, order))
        if comments is None:
            return None
        # Both only grow, so their sum tells every change of either.
        names = (threads_name(article.id), discussion_name(article.id))
        return replace(comments, version=sum(self._snapshot.versions[name] for name in names))

    async def comment_place(self, article: ArticleState, comment_id: str) -> CommentPlace | None:
        """The page of an article with a comment, None if readers cannot see it."""
        return await self.ask(lambda snapshot: place_of(snapshot, article, comment_id))

    async def comment_counts(self, article_ids: Sequence[str]) -> Mapping[str, int]:
        """The number of comments of each article, by one query.

        A list depends on the numbers by names of their own: it may show an older number for a moment (`gateway/count_changes.py`).
        """
        if not article_ids:
            return {}
        counted = LoadedSnapshot()
        counted.model = self._snapshot.model
        await self._model.load(counted, {discussion_name(article_id): StoredDiscussion for article_id in article_ids})
        versions = {count_name(one): counted.versions[discussion_name(one)] for one in article_ids}
        self._shown |= versions
        return counts_of(counted, article_ids)

    def _record(self, cards: Iterable[Card]) -> None:
        for card in cards:
            name = card_name(card.article_id)
            self._shown[name] = min(card.version, self._shown.get(name, card.version))
