"""Subtracts finished buckets from the windows' sums and removes faded trends, by the clock, so that reads never cost more."""

import asyncio
from collections.abc import Callable, Sequence
from time import time

import structlog

from services.popularity.model.rules import SPANS, Span, horizon
from services.popularity.model.store import Store
from shared import topics
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

_EVERY_S = 1.0


class Retirement:
    """Retires buckets of the held partitions. Two owners at once do no harm: the script subtracts each bucket once."""

    def __init__(
        self, store: Store, *, held: Callable[[], Sequence[tuple[str, int]]], on_change: Callable[[], None]
    ) -> None:
        self._store = store
        self._held = held
        self._on_change = on_change
        self._done: dict[tuple[int, Span], int] = {}
        self._pruned: dict[int, int] = {}

    async def run(self) -> None:
        """Retire until cancelled."""
        while True:
            try:
                await self.retire(int(time() * 1000))
            except Unavailable as error:
                self._done.clear()
                self._pruned.clear()
                _log.warning("retirement.waits", reason=str(error))
            await asyncio.sleep(_EVERY_S)

    async def retire(self, now_ms: int) -> None:
        """Subtract the buckets that have ended by `now_ms`, in the held partitions."""
        held = {partition for topic, partition in self._held() if topic == topics.VIEWS.name}
        self._done = {key: until for key, until in self._done.items() if key[0] in held}
        for partition in held:
            for span in SPANS:
                until = horizon(span, now_ms)
                if self._done.get((partition, span)) != until:
                    await self._retire_window(partition, span, until)
                    self._done[partition, span] = until
            await self._prune(partition, now_ms)

    async def _prune(self, partition: int, now_ms: int) -> None:
        minute = now_ms // 60_000
        if self._pruned.get(partition) != minute:
            while await self._store.prune_trends(partition, now_ms):
                self._on_change()
            self._pruned[partition] = minute

    async def _retire_window(self, partition: int, span: Span, until: int) -> None:
        while await self._store.retire_buckets(partition, span, until):
            self._on_change()
