"""The newest ranking of each window and section, in memory, as rankings.v1 tells it."""

from collections import OrderedDict
from collections.abc import Callable

import structlog

from services.popularity import metrics
from services.popularity.contract import Popular, PopularItem
from shared.errors import InvalidMessage
from shared.events import WINDOWS, RankingComputed, Record, Window, decode

_log = structlog.get_logger(__name__)

_MOST_ANSWERS = 4_096


class RankingCache:
    """Rankings by window and section, and the bytes of each answer made from them. `moved` is told of news.

    What the log said stays until it says something newer: a broker that came back empty is filled again by the counter,
    and until then the last ranking is truer than none.
    """

    def __init__(self, moved: Callable[[], None]) -> None:
        self._moved = moved
        self._newest: dict[tuple[Window, str | None], RankingComputed] = {}
        self._answers: OrderedDict[tuple[Window, str | None, int], bytes] = OrderedDict()

    def apply(self, record: Record) -> None:
        """Take in a record of rankings.v1; of two rankings of one scope the later computed holds, in whatever order."""
        try:
            ranking = decode(record)
        except InvalidMessage as error:
            # Every api hears every record: a dead-letter topic would get it once from each of them, at each start.
            metrics.RANKINGS_UNREADABLE.inc()
            _log.error("ranking.unreadable", partition=record.partition, offset=record.offset, reason=str(error))
            return
        if isinstance(ranking, RankingComputed):
            self._take(ranking)

    def _take(self, ranking: RankingComputed) -> None:
        scope = (ranking.window, ranking.section)
        known = self._newest.get(scope)
        if known is not None and known.computed_at > ranking.computed_at:
            return
        self._newest[scope] = ranking
        for answer in [made for made in self._answers if made[:2] == scope]:
            del self._answers[answer]
        self._moved()

    def answer(self, window: Window, section: str | None, limit: int) -> bytes:
        """The JSON of `GET /v1/popular`."""
        wanted = (window, section, limit)
        found = self._answers.get(wanted)
        if found is None:
            found = self._answers[wanted] = self._compose(window, section, limit)
            if len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)
        return found

    def _compose(self, window: Window, section: str | None, limit: int) -> bytes:
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
        """Whether each window of the whole site has been heard of."""
        return all((window, None) in self._newest for window in WINDOWS)
