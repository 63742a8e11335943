"""Popular News: the newest rankings in memory, and the fragments that take a page's slot. No database on this way."""

from collections.abc import Callable
from datetime import datetime

from services.rendering.views import PopularItem, PopularView
from shared.events import RankingComputed, Window

# The day is what readers expect; a site or section too quiet for it shows a longer window, and says so.
WINDOWS: tuple[Window, ...] = ("24h", "7d", "30d", "all")
ENOUGH = 5
MOST_LINES = 8

# Which section's ranking (None for the whole site's) in which language.
Block = tuple[str | None, str]


class PopularNews:
    """Fragments by block. A page is composed anew when its fragment is another object than the one it was composed with."""

    def __init__(self, render: Callable[[PopularView], str]) -> None:
        self._render = render
        self._rankings: dict[tuple[Window, str | None], RankingComputed] = {}
        self._current: dict[Block, bytes] = {}
        self._rendered: dict[Block, tuple[PopularView, bytes]] = {}

    def take(self, ranking: RankingComputed) -> None:
        """Take a ranking in; of two with one key the later computed holds, in whatever order they come."""
        key = (ranking.window, ranking.section)
        known = self._rankings.get(key)
        if known is None or known.computed_at <= ranking.computed_at:
            self._rankings[key] = ranking
            self._current.clear()

    def fragment(self, block: Block) -> bytes:
        """The block's HTML; the same object as long as nothing in it has changed."""
        current = self._current.get(block)
        if current is None:
            current = self._current[block] = self._make(block)
        return current

    def _make(self, block: Block) -> bytes:
        view = self._view(block)
        known = self._rendered.get(block)
        if known is not None and known[0] == view:
            return known[1]
        fragment = self._render(view).encode()
        self._rendered[block] = (view, fragment)
        return fragment

    def _view(self, block: Block) -> PopularView:
        section, language = block
        ranking = self._choose(section) or self._choose(None)
        if ranking is None:
            return PopularView(WINDOWS[0], language=language)
        items = tuple(
            PopularItem(item.article_id, item.headline, item.url, item.section, item.views, item.language)
            for item in ranking.items[:MOST_LINES]
        )
        return PopularView(ranking.window, _minute(ranking.computed_at), items, language)

    def _choose(self, section: str | None) -> RankingComputed | None:
        """The shortest window with enough lines, else the one with most; None where nothing was viewed."""
        found = [self._rankings[window, section] for window in WINDOWS if (window, section) in self._rankings]
        viewed = [ranking for ranking in found if ranking.items]
        enough = (ranking for ranking in viewed if len(ranking.items) >= ENOUGH)
        return next(enough, None) or max(viewed, key=lambda ranking: len(ranking.items), default=None)


def _minute(moment: datetime) -> datetime:
    """Readers are shown the minute; with the seconds in it, pages would change although nothing that they show has."""
    return moment.replace(second=0, microsecond=0)
