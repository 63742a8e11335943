"""At the end of a run, waits until every acknowledged view is counted: the embedded broker keeps them in memory alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

_POLL_S = 0.05
# A counter learns of a new record with its next fetch: its lag must be 0 for longer than a fetch lasts.
_QUIET_S = 1.0
_QUIET_LOOKS = 8
# After so long with the same lag, a counter hangs or has no Redis. A counter that has just started needs 3 s for its partitions.
_STALLED_S = 5.0
_AT_MOST_S = 60.0

Lag = Callable[[], Awaitable[int | None]]


async def drain(counters: Sequence[Lag]) -> bool:
    """Wait until the sum of all lags is 0 and stays so. False when it stops changing before that, or is unknown."""
    if not counters:
        return True
    try:
        async with asyncio.timeout(_AT_MOST_S):
            return await _watch(counters)
    except TimeoutError:
        return False


async def _watch(counters: Sequence[Lag]) -> bool:
    last: int | None = None
    looks, changed_at = 0, time.monotonic()
    while True:
        behind = await _behind(counters)
        if behind != last:
            last, looks, changed_at = behind, 0, time.monotonic()
        looks += 1
        same_for_s = time.monotonic() - changed_at
        if behind == 0 and looks > _QUIET_LOOKS and same_for_s > _QUIET_S:
            return True
        if behind != 0 and same_for_s > _STALLED_S:
            return False
        await asyncio.sleep(_POLL_S)


async def _behind(counters: Sequence[Lag]) -> int | None:
    """Records that are not applied yet; None while a counter does not report its lag."""
    behind = 0
    for lag in counters:
        records = await lag()
        if records is None:
            return None
        behind += records
    return behind
