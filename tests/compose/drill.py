"""One platform's steps under load. Each step is a row of the table."""

import time
from collections.abc import Awaitable, Callable

from tests.compose.load import Public
from tests.compose.report import Row, table
from tests.compose.stack import Stack

_BEGAN = time.monotonic()

Action = Callable[[], Awaitable[float | None]]
"""An action on the platform. It returns the platform's recovery time in seconds, where that is measured."""


def show_progress(line: str) -> None:
    """Print a line of progress."""
    print(f"compose: {time.monotonic() - _BEGAN:5.0f} s  {line}", flush=True)


class Drill:
    """Steps on one platform. `only` selects steps by parts of their names, separated by commas."""

    def __init__(self, stack: Stack, public: Public, only: str = "") -> None:
        self.stack = stack
        self.public = public
        self._only = only.split(",")
        self._rows: list[Row] = []
        self._unfinished: list[str] = []

    async def under_load(self, name: str, action: Action, *, may_fail: bool = False) -> None:
        """Run an action under load, then compare every acknowledged write with the platform's state."""
        if not any(wanted in name for wanted in self._only):
            return
        show_progress(name)
        async with self.public.load() as tally:
            try:
                recovery_s = await action()
            except AssertionError as error:
                recovery_s = None
                self._unfinished.append(f"{name}: {str(error)[-600:]}")
        losses = await self.public.losses()
        failures = ", ".join(f"{what} x {times}" for what, times in tally.failed.most_common(3))
        failed = tally.failed.total()
        self._rows.append(Row(name, tally.reads, failed, tally.writes, *losses, recovery_s, may_fail, failures))

    def conclude(self) -> list[str]:
        """Print the table. Returns the exceeded limits."""
        if self._rows:
            print(f"\n{table(self._rows)}\n", flush=True)
        return [*self._unfinished, *(breach for row in self._rows for breach in row.breaches())]
