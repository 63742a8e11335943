"""What a consumer group's runner (`shared.group`) asks of those who use it: a sink, which applies batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.events import Record


@dataclass(frozen=True)
class Batch:
    """Records of one partition. `start` is the position before them, `end` after: offsets may have holes, positions not."""

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[Record]
    log_id: str


class Gap(Exception):
    """A sink's answer to a batch that does not join what it has: go on at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class Sink(Protocol):
    """What a consumer does with its records."""

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
