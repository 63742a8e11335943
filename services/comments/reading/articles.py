"""Finds the article of a request, also one that was published a moment ago."""

from collections.abc import Callable

from services.comments.model.current_rules import CurrentRules
from services.comments.model.records import ArticleCopy
from services.comments.model.store import Store
from services.comments.reading.shared_reads import SharedReads
from services.comments.reading.state import public_state
from shared.arrival import find_arriving
from shared.errors import Problem, Unavailable
from shared.times import now

# Limit of waiting requests. Above it, requests for unknown ids get their answer without a wait.
_MOST_WAITING = 32


class ArticleLookup:
    """Finds articles, and waits up to 1.5 s for one that was published a moment ago.

    `is_whole`: this service's copy has the whole log. While it has not, a missing article may still exist.
    """

    def __init__(self, store: Store, rules: CurrentRules, is_whole: Callable[[], bool]) -> None:
        self._articles = store.articles
        self._rules = rules
        self._found = SharedReads(store.articles.find)
        self._is_whole = is_whole
        self._waiting = 0

    async def readable(self, article_id: str) -> ArticleCopy:
        """The article if it is public; 404 if unknown, 410 if withdrawn, Unavailable if the copy is not whole."""
        article = await self._found.get(article_id) or await self._wait_for(article_id)
        if article is None and not self._is_whole():
            raise Unavailable("the copy of articles.v1 is not complete yet")
        if article is None:
            raise Problem(404, "There is no such article.")
        if article.status == "withdrawn":
            raise Problem(410, "The article was withdrawn.")
        return article

    async def open_for_comments(self, article_id: str) -> ArticleCopy:
        """As `readable`; 403 when the discussion is closed."""
        article = await self.readable(article_id)
        if not public_state(article, await self._rules.get(), now()).open:
            raise Problem(403, "The discussion of this article is closed.")
        return article

    async def _wait_for(self, article_id: str) -> ArticleCopy | None:
        if self._waiting >= _MOST_WAITING:
            return None
        self._waiting += 1
        try:
            return await find_arriving(lambda: self._articles.find(article_id))
        finally:
            self._waiting -= 1
