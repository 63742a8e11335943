"""The settings in force, from memory. All handlers of an instance share them."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from services.comments.model.records import ModerationRule

# A change of the settings takes effect on all instances within two seconds: this age, and the time of a read.
_OLDEST_S = 1.0


class CurrentRules:
    """The settings, read again after a second at most. Requests that wait at the same moment share a read."""

    def __init__(self, read: Callable[[], Awaitable[ModerationRule]], clock: Callable[[], float] = monotonic) -> None:
        self._read = read
        self._clock = clock
        self._found: tuple[float, ModerationRule] | None = None
        self._running: asyncio.Task[ModerationRule] | None = None

    async def get(self) -> ModerationRule:
        """The settings, at most a second old, and never older than the last `forget`. Raises what the read raises."""
        if self._found is not None and self._clock() - self._found[0] < _OLDEST_S:
            return self._found[1]
        if self._running is None:
            self._running = asyncio.create_task(self._refresh(), name="read of the settings")
            self._running.add_done_callback(_note_failure)
        # A caller that gives up does not end the read of the others.
        return await asyncio.shield(self._running)

    def forget(self) -> None:
        """Read again at the next call, after a change by this instance."""
        self._found = self._running = None

    async def _refresh(self) -> ModerationRule:
        began, mine = self._clock(), asyncio.current_task()
        try:
            rule = await self._read()
            if self._running is mine:
                self._found = (began, rule)
            return rule
        finally:
            # After `forget`, the next read is another task's, and this result is too old to keep.
            if self._running is mine:
                self._running = None


def _note_failure(task: "asyncio.Task[ModerationRule]") -> None:
    if not task.cancelled():
        task.exception()  # marks it as retrieved: all callers may have gone
