"""Distinct visitors of an article, from the sketches of local days."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from services.popularity.model.held import Held
from services.popularity.model.rules import day_of
from services.popularity.model.store import Store
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

# A window touches one local day more than its length.
WINDOW_DAYS: Mapping[str, int] = {"24h": 2, "7d": 8, "30d": 31}
_WITHIN_S = 1.0
_PAUSE_S = 5.0
_HELD_S = 60.0
# About a kilobyte each.
_MOST_HELD = 4096


class FormerDays(Protocol):
    """Visitors by day, rolled up or not. Raises Unavailable."""

    async def visitors(self, name: str, days: Sequence[str]) -> Mapping[str, int]:
        """The distinct visitors of an article on each day that has any."""


@dataclass(frozen=True)
class _Former:
    """An article's days before `today`, from `since` on."""

    article: str
    since: str
    today: str


class DistinctVisitors:
    """Visitors by window. A visitor's name is valid for a day, so days add up: a reader of two days is two visitors.

    Pages ask every half minute, so the days before today are held for a minute. Today is always read from Redis.
    """

    def __init__(self, store: Store, days: FormerDays, zone: ZoneInfo) -> None:
        self._store = store
        self._days = days
        self._zone = zone
        self._waits_until = 0.0
        self._former: Held[_Former, Mapping[str, int]] = Held(self._read, hold_s=_HELD_S, most=_MOST_HELD)

    async def count(self, article: str, published: int, now: int) -> dict[str, int] | None:
        """Visitors of 24h, 7d and 30d; None while the days before today cannot be read. Times are minutes."""
        today = day_of(now, self._zone)
        since = day_of(published, self._zone) if published else ""
        of_today = await self._store.visitors(article, today)
        former = await self._find(_Former(article, since, today)) if since < today else {}
        return None if former is None else {window: of_today + former.get(window, 0) for window in WINDOW_DAYS}

    async def _find(self, former: _Former) -> Mapping[str, int] | None:
        if monotonic() < self._waits_until:
            return None
        try:
            return await self._former.find(former)
        except (Unavailable, TimeoutError) as error:
            self._waits_until = monotonic() + _PAUSE_S
            _log.warning("visitors.unknown", reason=str(error) or "timeout")
            return None

    async def _read(self, former: _Former) -> Mapping[str, int]:
        today = date.fromisoformat(former.today)
        days = [(today - timedelta(days=back)).isoformat() for back in range(1, max(WINDOW_DAYS.values()))]
        async with asyncio.timeout(_WITHIN_S):
            of_day = await self._days.visitors(former.article, [day for day in days if day >= former.since])
        return {window: sum(of_day.get(day, 0) for day in days[: most - 1]) for window, most in WINDOW_DAYS.items()}
