"""The contract between a consumer group's member (`shared.kafka.member`) and a service: a sink applies batches."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from shared.errors import Unavailable
from shared.events import Record

_log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[None]]
Partition = tuple[str, int]


class Confirmation:
    """The check that fetched records came from the known log. It starts at once and runs beside other work.

    A call raises the check's error: LogReplaced, or Unavailable, after which the next call checks again.
    """

    def __init__(self, check: Check) -> None:
        self._check = check
        self._running = self._start()

    async def __call__(self) -> None:
        if self._running.done() and isinstance(self._running.exception(), Unavailable):
            self._running = self._start()
        await asyncio.shield(self._running)

    def _start(self) -> "asyncio.Future[None]":
        running = asyncio.ensure_future(self._check())
        running.add_done_callback(_mark_retrieved)
        return running


def _mark_retrieved(done: "asyncio.Future[None]") -> None:
    # Nobody awaits the check of a batch that was dropped: asyncio would log its error.
    if not done.cancelled():
        done.exception()


async def already_confirmed() -> None:
    """The confirmation of records whose log was checked before."""


def read_nothing() -> None:
    """For batches that no member fetched."""


@dataclass(frozen=True)
class Batch:
    """Records of one partition. `start` is the position before them, `end` the one after; offsets in between may be missing.

    `confirm` raises LogReplaced when the records may be from another log. The member awaits it before `apply`. A sink that
    `confirms` awaits it itself, beside its work and before anything lasting. `tries` counts the calls of `apply`. A sink that
    is about to wait for its store may call `read_ahead`: the member fetches the next records meanwhile.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[Record]
    log_id: str
    confirm: Check = already_confirmed
    read_ahead: Callable[[], None] = read_nothing
    tries: int = 1


class PositionDiffers(Exception):
    """The sink's own position is not the batch's start: go on at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class Sink(Protocol):
    """Applies a consumer's records."""

    confirms: bool = False
    """Whether `apply` awaits `Batch.confirm` itself."""

    batch_limit: int | None = None
    """Most records of one `apply`; None for as many as were fetched."""

    async def positions(self, partitions: Sequence[Partition], log_id: str) -> Mapping[Partition, int | None]:
        """Where to go on in this log. None is the group's committed offset, or else the beginning."""
        ...

    async def apply(self, batch: Batch) -> None:
        """Apply a whole batch. Raises PositionDiffers to go on elsewhere, Unavailable to get the same batch again."""
        ...

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        """The log does not have the position: returns where to go on. The sink counts the loss."""
        ...

    async def differing_positions(self, held: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Partitions whose stored position differs from the member's, with the stored one.

        Called now and then while no records arrive, to notice a store that was restored from an older copy. While records
        arrive, `apply` notices.
        """
        ...


class StateTopicSink:
    """A sink for state topics: Kafka keeps the newest record of each key, and `apply` drops versions already seen.

    Goes on at the group's committed offset. Reads from the beginning, once, after a log was replaced under this process, and
    when the log does not have the position: compaction loses no state. `prepare` is awaited before the first record.
    """

    def __init__(
        self,
        apply: Callable[[Batch], Awaitable[None]],
        *,
        batch_limit: int,
        confirms: bool = False,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.batch_limit: int | None = batch_limit
        self.confirms = confirms
        self._apply = apply
        self._prepare = prepare
        self._log_id: str | None = None

    async def positions(self, partitions: Sequence[Partition], log_id: str) -> Mapping[Partition, int | None]:
        """The committed offsets, or the beginning of a replaced log."""
        if self._prepare is not None:
            await self._prepare()
        is_replaced = self._log_id not in (None, log_id)
        self._log_id = log_id
        return dict.fromkeys(partitions, 0 if is_replaced else None)

    async def apply(self, batch: Batch) -> None:
        """Apply a batch of at most `batch_limit` records."""
        await self._apply(batch)

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        """The beginning."""
        _log.warning("consumer.out_of_range", topic=topic, partition=partition, beginning=beginning)
        return beginning

    async def differing_positions(self, held: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """None: the group's committed offset is the only stored position."""
        return {}
