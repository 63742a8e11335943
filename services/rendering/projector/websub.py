"""Pings a WebSub hub about changed feeds, so that the hub fetches and distributes them.

WebSub (W3C) leaves the form of a ping to hub and publisher. This is the form of PubSubHubbub 0.4, which hubs know.

A task of its own in the projector: projection never waits for a hub. Pings are gathered for a second, so that many changes
of a feed are one ping. If the hub is down, pings are retried with back-off and their number is bounded. A projector sends at
most one ping of `_MAX_FEEDS_PER_PING` feeds every `_GATHER_S`; each projector pings for its own partitions.
"""

import asyncio
import random
from collections.abc import Collection, Iterable

import aiohttp
import structlog

from services.rendering import metrics
from services.rendering.readmodel.names import FEED_FILES, SITE

_log = structlog.get_logger(__name__)

# Longer than an announcement takes to reach the gateways: a hub that fetches at once must get the new feed.
_GATHER_S = 1.0
_MAX_FEEDS_PER_PING = 50
# Limit of waiting feeds. After a long outage the hub gets pings for the newest; the next change of a feed pings it again.
MAX_WAITING = 2000
_TIMEOUT_S = 5.0
_FIRST_WAIT_S, _MAX_WAIT_S = 1.0, 60.0
_MAX_TRIES = 8


def feeds_of(listing: str) -> tuple[str, ...]:
    """Paths of a list's feeds. `listing` is site, section:<slug>, tag:<slug> or author:<slug>."""
    kind, _, name = listing.partition(":")
    home = "" if listing == SITE else f"/{name}" if kind == "section" else f"/{kind}/{name}"
    return tuple(f"{home}/{file}" for file in FEED_FILES)


class HubPings:
    """Queue of pings for the hub at `hub`. Sends nothing if that is empty."""

    def __init__(self, hub: str, base_url: str, *, gather_s: float = _GATHER_S, first_wait_s: float = _FIRST_WAIT_S):
        self._hub = hub
        self._base_url = base_url
        self._gather_s = gather_s
        self._first_wait_s = first_wait_s
        self._waiting: dict[str, None] = {}
        self._woken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Number of feeds that still need a ping."""
        return len(self._waiting)

    def enqueue(self, listings: Iterable[str]) -> None:
        """Queue pings for the feeds of these lists. Never waits."""
        if not self._hub:
            return
        for listing in listings:
            for path in feeds_of(listing):
                # A repeated feed goes to the end of the queue. The oldest are dropped first.
                self._waiting.pop(path, None)
                self._waiting[path] = None
        for path in list(self._waiting)[: max(0, len(self._waiting) - MAX_WAITING)]:
            del self._waiting[path]
            metrics.HUB_PINGS.labels("dropped").inc()
        if self._waiting:
            self._woken.set()

    async def run(self) -> None:
        """Send pings until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as http:
            while True:
                await self._woken.wait()
                await asyncio.sleep(self._gather_s)
                await self._send(http, self._take())

    def _take(self) -> list[str]:
        taken = list(self._waiting)[:_MAX_FEEDS_PER_PING]
        for path in taken:
            del self._waiting[path]
        if not self._waiting:
            self._woken.clear()
        return taken

    async def _send(self, http: aiohttp.ClientSession, paths: Collection[str]) -> None:
        """Send one ping for some feeds, with retries."""
        form = [("hub.mode", "publish"), *(("hub.url", self._base_url + path) for path in paths)]
        wait_s = self._first_wait_s
        for _ in range(_MAX_TRIES):
            if await self._ping(http, form):
                metrics.HUB_PINGS.labels("accepted").inc(len(paths))
                return
            # Jitter: several projectors must not retry at the same moment.
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))
            wait_s = min(wait_s * 2, _MAX_WAIT_S)
        metrics.HUB_PINGS.labels("dropped").inc(len(paths))
        _log.error("websub.gave_up", hub=self._hub, feeds=len(paths), tries=_MAX_TRIES)

    async def _ping(self, http: aiohttp.ClientSession, form: list[tuple[str, str]]) -> bool:
        """Whether the ping is done: accepted, or refused for good. Only 429 and 5xx are worth a retry."""
        try:
            async with http.post(self._hub, data=form, allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _log.warning("websub.unreachable", hub=self._hub, reason=repr(error))
            return False
        if status >= 300:
            _log.warning("websub.refused", hub=self._hub, status=status)
        return status < 500 and status != 429
