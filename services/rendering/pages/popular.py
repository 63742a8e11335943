"""Popular News: the newest rankings in memory, and the HTML fragments for the slot in pages. Reads no database."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from services.rendering.pages.popular_models import PopularItem, PopularTab, PopularView
from shared.events import WINDOWS as ALL_WINDOWS
from shared.events import RankingComputed, RankingName, RankingsChecked, Window

# Shortest first: a site or section with few views in a day shows a longer window, and names it.
WINDOWS: tuple[Window, ...] = ("24h", "7d", "30d", "all")
ENOUGH = 5
MOST_LINES = 8
MOST_LINES_OF_PAGE = 20
MOST_RISING = 3

# A counter that works says so every five seconds.
_STALE = timedelta(seconds=10)
# A time of day alone would be taken for today's.
_OLD = timedelta(hours=12)

PATH = "/popular"
_TABS: tuple[RankingName, ...] = (*ALL_WINDOWS, "trending")
# Their order is no order of views, so a number of views beside each line would look wrong.
_WITHOUT_VIEWS: frozenset[RankingName] = frozenset({"trending", "rising"})

# Rankings are current, behind the views by seconds or hours, or so old that their time needs a date.
Lateness = Literal["", "stale", "old"]


class Block(NamedTuple):
    """Selects a fragment: section (None for the whole site), language, and the window on a ranking's own page.

    `front`: the front page's, with the articles that are rising.
    """

    section: str | None
    language: str
    window: RankingName | None = None
    front: bool = False


def popular_query(window: str, section: str | None, language: str | None) -> tuple[tuple[str, str], ...]:
    """The canonical query of a window's page. `language` is None for the site's own."""
    pairs = (("window", window if window != WINDOWS[0] else None), ("section", section), ("language", language))
    return tuple((name, value) for name, value in pairs if value)


class PopularNews:
    """Fragments by block. A fragment is a new object only when its content changed: pages compare by identity."""

    def __init__(self, render: Callable[[PopularView], str], language: str = "en") -> None:
        self._render = render
        self._language = language
        self._rankings: dict[tuple[RankingName, str | None], RankingComputed] = {}
        self._as_of: dict[tuple[RankingName, str | None], datetime] = {}
        self._checked_at: datetime | None = None
        self._lateness: Lateness = ""
        self._current: dict[Block, bytes] = {}
        self._rendered: dict[Block, tuple[PopularView, bytes]] = {}

    def take(self, ranking: RankingComputed) -> None:
        """Store a ranking in place of the one before. The log's order decides, since a counter's clock may be wrong."""
        scope = (ranking.window, ranking.section)
        self._rankings[scope] = ranking
        self._as_of[scope] = ranking.computed_at
        self._current.clear()

    def check(self, check: RankingsChecked) -> None:
        """All rankings so far were current at this time."""
        self._checked_at = check.checked_at
        self._as_of = dict.fromkeys(self._rankings, check.checked_at)
        self._current.clear()

    def look(self, now: datetime) -> None:
        """Note the time: rankings that nobody has checked for a while are marked as late. Called every second."""
        found = lateness(self._checked_at, now)
        if found != self._lateness:
            self._lateness = found
            self._current.clear()

    def fragment(self, block: Block) -> bytes:
        """The block's HTML; the same object until its content changes."""
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
        ranking = self._ranking(block)
        window = block.window or (WINDOWS[0] if ranking is None else ranking.window)
        # Tabs link to the ranking shown: a section without one shows the whole site's.
        section = block.section if ranking is None or block.window else ranking.section
        tabs = tuple(self._tab(tab, section, block.language, tab == window) for tab in _TABS)
        return PopularView(
            window,
            self._minute_of(ranking),
            _items(ranking, MOST_LINES_OF_PAGE if block.window else MOST_LINES),
            block.language,
            tabs,
            whole=block.window is not None,
            section="" if ranking is None else ranking.section or "",
            rising=_items(self._rankings.get(("rising", None)), MOST_RISING) if self._has_rising(block) else (),
            lateness=self._lateness,
        )

    def _minute_of(self, ranking: RankingComputed | None) -> datetime | None:
        """The time up to which a ranking counts, without seconds: these would change a fragment without a visible difference."""
        as_of = self._checked_at if ranking is None else self._as_of[ranking.window, ranking.section]
        return None if as_of is None else as_of.replace(second=0, microsecond=0)

    def _has_rising(self, block: Block) -> bool:
        return block.front and not self._lateness

    def _ranking(self, block: Block) -> RankingComputed | None:
        if block.window is not None:
            return self._rankings.get((block.window, block.section))
        return self._choose(block.section) or self._choose(None)

    def _tab(self, window: RankingName, section: str | None, language: str, is_shown: bool) -> PopularTab:
        query = popular_query(window, section, None if language == self._language else language)
        return PopularTab(window, f"{PATH}?{urlencode(query)}" if query else PATH, is_shown)

    def _choose(self, section: str | None) -> RankingComputed | None:
        """The shortest window with enough lines, else the longest ranking; None without views."""
        found = [self._rankings[window, section] for window in WINDOWS if (window, section) in self._rankings]
        viewed = [ranking for ranking in found if ranking.items]
        enough = (ranking for ranking in viewed if len(ranking.items) >= ENOUGH)
        return next(enough, None) or max(viewed, key=lambda ranking: len(ranking.items), default=None)


def lateness(checked_at: datetime | None, now: datetime) -> Lateness:
    """How late rankings are that were last checked then. Not late without any check: an older counter sends none."""
    if checked_at is None or now - checked_at <= _STALE:
        return ""
    return "stale" if now - checked_at <= _OLD else "old"


def _items(ranking: RankingComputed | None, most: int) -> tuple[PopularItem, ...]:
    if ranking is None:
        return ()
    counts = ranking.window not in _WITHOUT_VIEWS
    return tuple(
        PopularItem(
            item.article_id, item.headline, item.url, item.section, item.views if counts else None, item.language
        )
        for item in ranking.items[:most]
    )
