"""Distinct visitors of an article, from the sketches of local days."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from time import monotonic
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from services.popularity.model.rules import day_of
from services.popularity.model.store import Store
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

# A window touches one local day more than its length.
WINDOW_DAYS: Mapping[str, int] = {"24h": 2, "7d": 8, "30d": 31}
_WITHIN_S = 1.0
_PAUSE_S = 5.0


class OfDay(Protocol):
    """The numbers of an article on a day, as far as they are needed here."""

    @property
    def visitors(self) -> int:
        """Distinct visitors."""


class FormerDays(Protocol):
    """The numbers of days, rolled up or not. Raises Unavailable."""

    async def read(self, names: Sequence[str], days: Sequence[str]) -> Mapping[tuple[str, str], OfDay]:
        """The numbers of each article and day that has any."""


class DistinctVisitors:
    """Visitors by window. A visitor's name is valid for a day, so days add up: a reader of two days is two visitors."""

    def __init__(self, store: Store, days: FormerDays, zone: ZoneInfo) -> None:
        self._store = store
        self._days = days
        self._zone = zone
        self._waits_until = 0.0

    async def count(self, article: str, published: int, now: int) -> dict[str, int] | None:
        """Visitors of 24h, 7d and 30d; None while the days before today cannot be read. Times are minutes."""
        today = date.fromisoformat(day_of(now, self._zone))
        days = [(today - timedelta(days=back)).isoformat() for back in range(max(WINDOW_DAYS.values()))]
        since = day_of(published, self._zone) if published else days[-1]
        if since >= days[0]:
            of_day = {days[0]: await self._store.visitors(article, days[0])}
        else:
            found = await self._read(article, [day for day in days if day >= since])
            if found is None:
                return None
            of_day = dict(found)
        return {window: sum(of_day.get(day, 0) for day in days[:most]) for window, most in WINDOW_DAYS.items()}

    async def _read(self, article: str, days: Sequence[str]) -> Mapping[str, int] | None:
        if monotonic() < self._waits_until:
            return None
        try:
            async with asyncio.timeout(_WITHIN_S):
                found = await self._days.read([article], days)
        except (Unavailable, TimeoutError) as error:
            self._waits_until = monotonic() + _PAUSE_S
            _log.warning("visitors.unknown", reason=str(error) or "timeout")
            return None
        return {day: numbers.visitors for (_, day), numbers in found.items()}
