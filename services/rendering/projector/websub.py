"""Tells a WebSub hub that feeds have moved, so that it fetches them and hands them on.

The W3C's WebSub leaves the form of a ping to hub and publisher; this is the one that hubs know from PubSubHubbub 0.4.

A task of its own in the projector: projecting never waits for a hub. Pings are gathered for a moment, so that many changes
are one ping a feed; a hub that is down is tried again with back-off, and what is to be told meanwhile is bounded. So a
projector sends a ping of `_MOST_AT_ONCE` feeds every `_GATHER_S` at most, and of several each tells of its own partitions.
"""

import asyncio
import random
from collections.abc import Collection, Iterable

import aiohttp
import structlog

from services.rendering import metrics
from services.rendering.readmodel.names import FEED_FILES, SITE

_log = structlog.get_logger(__name__)

# Longer than gateways need to hear of a change: a hub that comes at once must find the new feed.
_GATHER_S = 1.0
_MOST_AT_ONCE = 50
# So many feeds may wait. A hub that is away for long is told of the newest, and finds the rest when it comes for them.
MOST_WAITING = 2000
_TIMEOUT_S = 5.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_MOST_TRIES = 8


def feeds_of(listing: str) -> tuple[str, ...]:
    """The paths of a list's feeds; `listing` is site, section:<slug>, tag:<slug> or author:<slug>."""
    kind, _, name = listing.partition(":")
    home = "" if listing == SITE else f"/{name}" if kind == "section" else f"/{kind}/{name}"
    return tuple(f"{home}/{file}" for file in FEED_FILES)


class HubPings:
    """Pings for the hub at `hub`; nothing is ever sent where that is empty."""

    def __init__(self, hub: str, base_url: str, *, gather_s: float = _GATHER_S, first_wait_s: float = _FIRST_WAIT_S):
        self._hub = hub
        self._base_url = base_url
        self._gather_s = gather_s
        self._first_wait_s = first_wait_s
        self._waiting: dict[str, None] = {}
        self._woken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many feeds are still to be told of."""
        return len(self._waiting)

    def lists_moved(self, listings: Iterable[str]) -> None:
        """Have the hub told, soon, that the feeds of these lists have moved. Never waits."""
        if not self._hub:
            return
        for listing in listings:
            for path in feeds_of(listing):
                # ReceivedEvent of again, it goes to the end: what waits longest is dropped first.
                self._waiting.pop(path, None)
                self._waiting[path] = None
        for path in list(self._waiting)[: max(0, len(self._waiting) - MOST_WAITING)]:
            del self._waiting[path]
            metrics.HUB_PINGS.labels("dropped").inc()
        if self._waiting:
            self._woken.set()

    async def run(self) -> None:
        """Tell the hub until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as http:
            while True:
                await self._woken.wait()
                await asyncio.sleep(self._gather_s)
                await self._tell(http, self._take())

    def _take(self) -> list[str]:
        taken = list(self._waiting)[:_MOST_AT_ONCE]
        for path in taken:
            del self._waiting[path]
        if not self._waiting:
            self._woken.clear()
        return taken

    async def _tell(self, http: aiohttp.ClientSession, paths: Collection[str]) -> None:
        """Ping about some feeds, again while the hub does not take it."""
        form = [("hub.mode", "publish"), *(("hub.url", self._base_url + path) for path in paths)]
        wait_s = self._first_wait_s
        for _ in range(_MOST_TRIES):
            if await self._ping(http, form):
                metrics.HUB_PINGS.labels("taken").inc(len(paths))
                return
            # Several projectors must not come back all at once.
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        metrics.HUB_PINGS.labels("dropped").inc(len(paths))
        _log.error("websub.given_up", hub=self._hub, feeds=len(paths), tries=_MOST_TRIES)

    async def _ping(self, http: aiohttp.ClientSession, form: list[tuple[str, str]]) -> bool:
        """Whether the hub has taken it, or never will: another answer than 429 and 5xx is the hub's last word."""
        try:
            async with http.post(self._hub, data=form, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _log.warning("websub.unreachable", hub=self._hub, reason=repr(error))
            return False
        if status >= 300:
            _log.warning("websub.refused", hub=self._hub, status=status)
        return status < 500 and status != 429
