"""The newest ranking of each window and section from rankings.v1, in memory."""

from collections import OrderedDict
from collections.abc import Callable

import structlog

from services.popularity import metrics
from services.popularity.contract import Popular, PopularItem
from shared.errors import InvalidMessage
from shared.events import WINDOWS, RankingComputed, RankingName, Record, decode

_log = structlog.get_logger(__name__)

_MOST_ANSWERS = 4_096


class RankingCache:
    """Rankings by window and section, and the bytes of each answer made from them. Calls `on_change` for a new ranking.

    The log's order decides, not `computed_at`: a counter whose clock is ahead must not hide the rankings after its own.
    A ranking stays until the next one arrives. After a broker came back empty, the counter publishes all rankings again;
    until then the last one is better than none.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._newest: dict[tuple[RankingName, str | None], RankingComputed] = {}
        self._answers: OrderedDict[tuple[RankingName, str | None, int], bytes] = OrderedDict()

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

    def _keep(self, ranking: RankingComputed) -> None:
        scope = (ranking.window, ranking.section)
        self._newest[scope] = ranking
        for key in [key for key in self._answers if key[:2] == scope]:
            del self._answers[key]
        self._on_change()

    def answer(self, window: RankingName, section: str | None, limit: int) -> bytes:
        """The JSON of `GET /v1/popular`."""
        wanted = (window, section, limit)
        found = self._answers.get(wanted)
        if found is None:
            found = self._answers[wanted] = self._compose(window, section, limit)
            if len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)
        return found

    def articles(self, ranking: RankingName) -> frozenset[str]:
        """The articles of the newest ranking of the whole site."""
        found = self._newest.get((ranking, None))
        return frozenset() if found is None else frozenset(item.article_id for item in found.items)

    def _compose(self, window: RankingName, section: str | None, limit: int) -> bytes:
        ranking = self._newest.get((window, section))
        items = () if ranking is None else ranking.items[:limit]
        answer = Popular(
            window=window,
            section=section,
            computed_at=None if ranking is None else ranking.computed_at,
            items=[PopularItem.model_validate(item, from_attributes=True) for item in items],
        )
        return answer.model_dump_json().encode()

    @property
    def complete(self) -> bool:
        """Whether each window of the whole site has a ranking."""
        return all((window, None) in self._newest for window in WINDOWS)
