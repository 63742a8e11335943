"""The newest ranking of each window and section from rankings.v1, in memory."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from services.popularity import metrics
from services.popularity.contract import Popular, PopularItem, ScoredItem
from services.popularity.rankings.rules import is_stale
from shared.errors import InvalidMessage
from shared.events import WINDOWS, RankedArticle, RankingComputed, RankingName, RankingsChecked, Record, decode
from shared.times import now

_log = structlog.get_logger(__name__)

_MOST_ANSWERS = 4_096


class RankingCache:
    """Rankings by window and section, and the bytes of each answer made from them. Calls `on_change` for a new ranking.

    The log's order decides, not `computed_at`: a counter whose clock is ahead must not hide the rankings after its own.
    A ranking stays until the next one arrives. After a broker came back empty, the counter publishes all rankings again;
    until then the last one is better than none.
    """

    def __init__(self, on_change: Callable[[], None], now: Callable[[], datetime] = now) -> None:
        self._on_change = on_change
        self._now = now
        self._checked_at: datetime | None = None
        self._was_stale = True
        self._newest: dict[tuple[RankingName, str | None], RankingComputed] = {}
        self._answers: OrderedDict[tuple[RankingName, str | None, int, bool], bytes] = OrderedDict()

    def apply(self, record: Record) -> None:
        """Apply a record of rankings.v1: it replaces the ranking of its scope."""
        try:
            ranking = decode(record)
        except InvalidMessage as error:
            # Every api reads every record at each start: each would write a dead letter for it.
            metrics.RANKINGS_UNREADABLE.inc()
            _log.error("ranking.unreadable", partition=record.partition, offset=record.offset, reason=str(error))
            return
        if isinstance(ranking, RankingComputed):
            self._keep(ranking)
        elif isinstance(ranking, RankingsChecked):
            self._checked_at = ranking.checked_at
            self._answers.clear()
            self._on_change()

    def _keep(self, ranking: RankingComputed) -> None:
        scope = (ranking.window, ranking.section)
        self._newest[scope] = ranking
        for key in [key for key in self._answers if key[:2] == scope]:
            del self._answers[key]
        self._on_change()

    def answer(self, window: RankingName, section: str | None, limit: int) -> bytes:
        """The JSON of `GET /v1/popular`."""
        wanted = (window, section, limit, is_stale(self._confirmed_at(window, section), self._now()))
        found = self._answers.get(wanted)
        if found is None:
            found = self._answers[wanted] = self._compose(*wanted)
            if len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)
        return found

    def age_s(self) -> float:
        """Seconds since the rankings of the whole site were last confirmed; infinite before the first."""
        at = self._confirmed_at("24h", None)
        return float("inf") if at is None else max(0.0, (self._now() - at).total_seconds())

    def check_age(self) -> None:
        """Call `on_change` when the rankings have become stale, or are so no more: ready answers say it."""
        stale = is_stale(self._confirmed_at("24h", None), self._now())
        if stale != self._was_stale:
            self._was_stale = stale
            self._on_change()

    def _confirmed_at(self, window: RankingName, section: str | None) -> datetime | None:
        ranking = self._newest.get((window, section))
        if ranking is None:
            return None
        return max(ranking.computed_at, self._checked_at or ranking.computed_at)

    def articles(self, ranking: RankingName) -> frozenset[str]:
        """The articles of the newest ranking of the whole site."""
        found = self._newest.get((ranking, None))
        return frozenset() if found is None else frozenset(item.article_id for item in found.items)

    def _compose(self, window: RankingName, section: str | None, limit: int, stale: bool) -> bytes:
        ranking = self._newest.get((window, section))
        items = () if ranking is None else ranking.items[:limit]
        return popular_answer(window, items, self._confirmed_at(window, section), is_stale=stale, section=section)

    @property
    def complete(self) -> bool:
        """Whether each window of the whole site has a ranking."""
        return all((window, None) in self._newest for window in WINDOWS)


def popular_answer(
    window: RankingName,
    items: Sequence[RankedArticle],
    computed_at: datetime | None,
    *,
    is_stale: bool,
    section: str | None = None,
) -> bytes:
    """The JSON of `GET /v1/popular`. Items of trending and rising have a score; `stale` is there only when it is true."""
    model = PopularItem if window in WINDOWS else ScoredItem
    answer = Popular(
        window=window,
        section=section,
        computed_at=computed_at,
        stale=is_stale,
        items=[model.model_validate(item, from_attributes=True) for item in items],
    )
    return answer.model_dump_json(exclude=None if is_stale else {"stale"}).encode()
