"""Hands fetched records to a sink in batches, and retries a batch while a store is away. Nothing else retries a batch."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import time

import structlog
from aiokafka import TopicPartition

from shared.errors import Unavailable
from shared.events import Record
from shared.kafka.membership import Membership
from shared.kafka.offset_gaps import OffsetGaps
from shared.kafka.positions import Positions
from shared.kafka.sinks import Batch, Check, PositionDiffers
from shared.process import metrics

_log = structlog.get_logger(__name__)

_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 2.0


class StoppedWaiting(Exception):
    """The runner stops while a store is away: the batch is not applied."""


@dataclass(frozen=True)
class Batches:
    """Applies the records of one log. `verify` raises LogReplaced when another log has taken its place.

    Records of a partition that was revoked after their fetch are dropped, as `epoch` tells: the next owner, perhaps this
    member again, starts at a new position.
    """

    membership: Membership
    positions: Positions
    gaps: OffsetGaps
    log_id: str
    verify: Check
    read_ahead: Callable[[], None]

    async def apply(self, partition: TopicPartition, fetched: Sequence[Record], epoch: int, confirm: Check) -> None:
        """Apply the records fetched from one partition. Raises StoppedWaiting, and any error of the sink but Unavailable."""
        start = self.positions.of(partition)
        if epoch != self.positions.epoch or start is None:
            return
        if fetched[0].offset < start:
            self.positions.seek(partition, start)
            return
        records = self.gaps.before_gap(partition, start, fetched)
        limit = self.membership.sink.batch_limit or max(1, len(records))
        for first in range(0, len(records), limit):
            part = records[first : first + limit]
            end = part[-1].offset + 1
            batch = Batch(partition.topic, partition.partition, start, end, part, self.log_id, confirm, self.read_ahead)
            if not await self._apply_one(partition, batch, epoch):
                return
            start = end
        if len(records) < len(fetched):
            self.positions.seek(partition, start)

    async def _apply_one(self, partition: TopicPartition, batch: Batch, epoch: int) -> bool:
        """Apply a batch and advance the position; False when the records after it must not be applied."""
        try:
            await self._apply_until_available(batch, epoch)
        except PositionDiffers as differs:
            if epoch == self.positions.epoch:
                _log.info(
                    "batch.position_differs",
                    topic=batch.topic,
                    partition=batch.partition,
                    start=batch.start,
                    position=differs.position,
                )
                self.positions.seek(partition, differs.position)
            return False
        if epoch != self.positions.epoch:
            return False
        self.positions.advance(partition, batch.end)
        self.membership.on_progress()
        metrics.RECORDS.labels(batch.topic).inc(len(batch.records))
        metrics.EVENT_AGE.labels(batch.topic).set(max(0.0, time() - batch.records[-1].timestamp_ms / 1000))
        return True

    async def _apply_until_available(self, batch: Batch, epoch: int) -> None:
        """Apply a batch, again after each Unavailable, unless its partition is revoked.

        The member keeps its partitions and the fetched records meanwhile, and aiokafka sends heartbeats: a rebalance would
        stop the other members too.
        """
        wait_s = _FIRST_WAIT_S
        while epoch == self.positions.epoch:
            try:
                if batch.tries > 1:
                    await self.verify()
                await self.membership.sink.apply(batch)
            except Unavailable as error:
                _log.warning("batch.retried", topic=batch.topic, partition=batch.partition, reason=str(error))
                self.membership.on_waiting()
            else:
                return
            if self.membership.stopping.is_set():
                raise StoppedWaiting
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            batch = replace(batch, tries=batch.tries + 1)
