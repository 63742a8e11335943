"""Rankings of past days and weeks, from popularity's API, with a cache of its answers."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from time import monotonic

import structlog
from pydantic import BaseModel, ValidationError

from services.rendering.gateway.service_client import ServiceClient
from services.rendering.pages.archive import MOST_ASKED, PastRanking
from services.rendering.pages.periods import Period
from shared.errors import Unavailable
from shared.times import Clock

_log = structlog.get_logger(__name__)

_PATH = "/v1/numbers/archive"
# Only an adjustment changes a final ranking. It is seen after this time at the latest.
_FINAL_S = 600.0
_RUNNING_S = 30.0
# Some 3 MB: 30 articles each.
_MOST_HELD = 1_000

Key = tuple[str, str]


class _Item(BaseModel):
    article_id: str
    views: int


class _Answer(BaseModel):
    """The fields of popularity's answer that the page needs."""

    items: list[_Item]
    first_day: date | None = None
    complete: bool = False


class PastRankings:
    """Asks popularity, and remembers. While popularity is away, an older answer is better than none."""

    def __init__(self, client: ServiceClient, now: Clock, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._now = now
        self._clock = clock
        # The first day with numbers, as popularity said, and until when this is taken for true.
        self._first_day: tuple[date, float] | None = None
        self._held: OrderedDict[Key, tuple[PastRanking, float]] = OrderedDict()

    async def ranking(self, period: Period, section: str) -> PastRanking:
        """The ranking of a period in a section, of the whole site if empty. Raises Unavailable."""
        key = (period.name, section)
        held = self._held.get(key)
        if held is not None and self._clock() < held[1]:
            self._held.move_to_end(key)
            return held[0]
        if self._first_day is not None and self._clock() < self._first_day[1] and period.last < self._first_day[0]:
            return PastRanking((), self._first_day[0], is_final=True, as_of=self._now())
        try:
            found = await self._ask(period, section)
        except Unavailable as error:
            if held is None:
                raise
            _log.warning("archive.outdated", period=period.name, reason=str(error))
            return held[0]
        self._hold(key, found)
        return found

    async def _ask(self, period: Period, section: str) -> PastRanking:
        params = {period.kind: period.name, "limit": str(MOST_ASKED)} | ({"section": section} if section else {})
        found = await self._client.get(_PATH, params)
        if found is None:
            raise Unavailable("popularity has no archive")
        try:
            answer = _Answer.model_validate(found)
        except ValidationError as error:
            raise Unavailable(f"popularity's archive cannot be read: {error}") from error
        items = tuple((item.article_id, item.views) for item in answer.items[:MOST_ASKED])
        return PastRanking(items, answer.first_day, answer.complete, self._now())

    def _hold(self, key: Key, found: PastRanking) -> None:
        self._held[key] = (found, self._clock() + (_FINAL_S if found.is_final else _RUNNING_S))
        self._held.move_to_end(key)
        if found.first_day is not None:
            self._first_day = (found.first_day, self._clock() + _FINAL_S)
        if len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
