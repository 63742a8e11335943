"""The keys of visitors' names in this process: today's, and yesterday's for a while after midnight."""

import asyncio
from collections.abc import Callable
from time import time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from services.popularity.model.rules import shift_day
from services.popularity.views.rules import day_and_end, days_needed
from services.popularity.views.visitor_key_store import VisitorKeyStore
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

# Within this time a process notices that another one, or an older copy of Redis, has another key of the day.
_REFRESH_EVERY_S = 20.0


class Keys(NamedTuple):
    """The key of the day, and that of the day before while it recognises repeats. `until_s` is the end of their validity."""

    today: bytes | None
    yesterday: bytes | None
    until_s: float


class DayKeys:
    """Keeps the keys of the days that are needed, and no others. Without Redis a visitor has no name, and every view counts."""

    def __init__(
        self, store: VisitorKeyStore, zone: ZoneInfo, repeat_s: int, *, clock: Callable[[], float] = time
    ) -> None:
        self._store = store
        self._zone = zone
        self._repeat_s = repeat_s
        self._clock = clock
        self._held: dict[str, bytes] = {}
        self._now = Keys(None, None, 0.0)

    def at(self, now_s: float) -> Keys:
        """The keys of a moment, in seconds since 1970."""
        if now_s >= self._now.until_s:
            self._now = self._keys_at(now_s)
        return self._now

    async def run(self) -> None:
        """Fetch, replace and destroy keys until cancelled."""
        while True:
            try:
                await self.refresh(self._clock())
            except Unavailable as error:
                _log.warning("visitor_keys.unknown", reason=str(error))
            await asyncio.sleep(_REFRESH_EVERY_S)

    async def refresh(self, now_s: float) -> None:
        """Bring the keys up to date with Redis. Raises Unavailable."""
        today, tomorrow, yesterday = days_needed(now_s, self._zone, self._repeat_s)
        needed = {day for day in (today, tomorrow, yesterday) if day}
        self._held = {day: key for day, key in self._held.items() if day in needed}
        self._forget()
        for day in (today, tomorrow):
            if day is not None:
                self._held[day] = await self._store.claim(day, self._held.get(day), self._expiry(now_s, day == today))
        await self._refresh_yesterday(now_s, yesterday)
        self._forget()

    async def _refresh_yesterday(self, now_s: float, yesterday: str | None) -> None:
        if yesterday is None:
            before = shift_day(day_and_end(now_s, self._zone)[0], -1)
            if await self._store.destroy(before):
                _log.info("visitor_keys.destroyed", day=before)
        elif (found := await self._store.find(yesterday)) is not None:
            self._held[yesterday] = found

    def _expiry(self, now_s: float, is_today: bool) -> int:
        end_s = day_and_end(now_s, self._zone)[1]
        return (end_s if is_today else day_and_end(end_s, self._zone)[1]) + self._repeat_s

    def _forget(self) -> None:
        self._now = Keys(None, None, 0.0)

    def _keys_at(self, now_s: float) -> Keys:
        today, _, yesterday = days_needed(now_s, self._zone, self._repeat_s)
        end_s = day_and_end(now_s, self._zone)[1]
        # Not longer than to the end of yesterday's use, nor of today.
        until_s = now_s + 1 if yesterday else float(end_s)
        return Keys(self._held.get(today), self._held.get(yesterday or ""), min(until_s, float(end_s)))
