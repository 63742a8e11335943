"""One platform's steps under load, and what each of them cost: a row of the table a step."""

import time
from collections.abc import Awaitable, Callable

from tests.compose.load import Public
from tests.compose.report import Row, table
from tests.compose.stack import Stack

_BEGAN = time.monotonic()

Deed = Callable[[], Awaitable[float | None]]
"""What is done to the platform; its answer is how long the platform took to be well again, where that is measured."""


def say(line: str) -> None:
    """A line of progress."""
    print(f"compose: {time.monotonic() - _BEGAN:5.0f} s  {line}", flush=True)


class Drill:
    """Steps on one platform; `only` names those that are wanted, by parts of their names and separated by commas."""

    def __init__(self, stack: Stack, public: Public, only: str = "") -> None:
        self.stack = stack
        self.public = public
        self._only = only.split(",")
        self._rows: list[Row] = []
        self._unfinished: list[str] = []

    async def under_load(self, name: str, deed: Deed, *, may_fail: bool = False) -> None:
        """Do something while everybody reads and writes; then see whether every promise was kept."""
        if not any(wanted in name for wanted in self._only):
            return
        say(name)
        async with self.public.coming() as tally:
            try:
                recovery_s = await deed()
            except AssertionError as error:
                recovery_s = None
                self._unfinished.append(f"{name}: {str(error)[-600:]}")
        kept = await self.public.kept()
        failures = ", ".join(f"{what} x {times}" for what, times in tally.failed.most_common(3))
        failed = tally.failed.total()
        self._rows.append(Row(name, tally.reads, failed, tally.writes, *kept, recovery_s, may_fail, failures))

    def conclude(self) -> list[str]:
        """Print the table; what in it breaks a bar."""
        if self._rows:
            print(f"\n{table(self._rows)}\n", flush=True)
        return [*self._unfinished, *(breach for row in self._rows for breach in row.breaches())]
