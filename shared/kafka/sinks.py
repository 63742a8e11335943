"""What a consumer group's runner (`shared.kafka.group`) asks of those who use it: a sink, which applies batches."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.errors import Unavailable
from shared.events import Record

Check = Callable[[], Awaitable[None]]


class Confirmation:
    """Says whether fetched records came from the known log; the question is under way from the start.

    Calling it raises what the check raises: LogReplaced, or Unavailable, after which the next call asks again.
    """

    def __init__(self, check: Check) -> None:
        self._check = check
        self._asking = asyncio.ensure_future(check())
        self._asking.add_done_callback(_look_at)

    async def __call__(self) -> None:
        if self._asking.done() and isinstance(self._asking.exception(), Unavailable):
            self._asking = asyncio.ensure_future(self._check())
            self._asking.add_done_callback(_look_at)
        await asyncio.shield(self._asking)


def _look_at(asked: "asyncio.Future[None]") -> None:
    if not asked.cancelled():
        asked.exception()  # whoever needs the answer awaits it; a batch that was dropped needs none


async def sure() -> None:
    """The confirmation of records whose log was asked for before."""


@dataclass(frozen=True)
class Batch:
    """Records of one partition. `start` is the position before them, `end` after: offsets may have holes, positions not.

    `confirm` raises LogReplaced when they may have come from another log. It is awaited before `apply`, except for a sink
    that `confirms` by itself, beside its work: that one awaits it before anything lasting comes of the records.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[Record]
    log_id: str
    confirm: Check = sure


class Gap(Exception):
    """A sink's answer to a batch that does not join what it has: go on at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class Sink(Protocol):
    """What a consumer does with its records."""

    confirms: bool = False
    """Whether `apply` awaits `Batch.confirm` itself."""

    async def positions(
        self, partitions: Sequence[tuple[str, int]], log_id: str
    ) -> Mapping[tuple[str, int], int | None]:
        """Where to go on in this log; None leaves it to the group's committed offset, or else the beginning."""
        ...

    async def apply(self, batch: Batch) -> None:
        """Apply a batch, whole. Raises Gap to be set elsewhere, Unavailable to be given the same batch again."""
        ...

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        """The log no longer has the position asked for: where to go on (and a place to count the loss)."""
        ...

    async def strayed(self, standing: Mapping[tuple[str, int], int]) -> Mapping[tuple[str, int], int]:
        """Asked now and then while nothing comes in: the partitions whose own state stands elsewhere, and where.

        A store that was set back to an older copy is noticed by this; with records coming in, `apply` notices.
        """
        ...
