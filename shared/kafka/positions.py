"""A member's partitions: the next offset of each, its commits, and its distance from the log's end."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic, time

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from shared.errors import Unavailable
from shared.kafka.client import bounded
from shared.kafka.sinks import Check, Partition
from shared.process import metrics

_log = structlog.get_logger(__name__)

_COMMIT_EVERY_S = 1.0
_REQUEST_S = 10.0
_SILENT_S = 5.0
_CHECK_END_AGAIN_S = 0.5


class Positions:
    """The next offset of each partition held. `verify` is awaited before a commit: an offset is valid in one log only.

    `epoch` changes with each assignment and each revocation: records fetched in one epoch are not applied in the next.
    `moves` changes with these and with each seek: records of a fetch that began before a move may begin behind the position.
    """

    def __init__(self, consumer: AIOKafkaConsumer, verify: Check) -> None:
        self._consumer = consumer
        self._verify = verify
        self._next: dict[TopicPartition, int] = {}
        self._uncommitted: dict[TopicPartition, int] = {}
        self._committed_at = 0.0
        self.epoch = self.moves = 0

    def of(self, partition: TopicPartition) -> int | None:
        """The partition's next offset; None when it is not held, or not placed yet."""
        return self._next.get(partition)

    @property
    def held(self) -> Mapping[Partition, int]:
        """The next offset of every partition held."""
        return {(partition.topic, partition.partition): position for partition, position in self._next.items()}

    def seek(self, partition: TopicPartition, position: int) -> None:
        """Fetch from a position next."""
        self._next[partition] = position
        self.moves += 1
        if partition in self._consumer.assignment():
            self._consumer.seek(partition, position)

    def return_to(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch again from the next offsets of partitions: records behind them were dropped."""
        for partition in partitions:
            if (position := self._next.get(partition)) is not None:
                self.seek(partition, position)

    def advance(self, partition: TopicPartition, end: int) -> None:
        """Note that the records before `end` are applied."""
        self._next[partition] = self._uncommitted[partition] = end

    def start_epoch(self) -> None:
        """Note that partitions were assigned."""
        self.epoch += 1
        self.moves += 1

    def drop(self, revoked: Sequence[TopicPartition]) -> None:
        """Forget all positions: the next owner decides where to go on."""
        self.epoch += 1
        self.moves += 1
        self._next.clear()
        self._uncommitted.clear()
        for partition in revoked:
            with suppress(KeyError):
                metrics.LAG.remove(partition.topic, str(partition.partition))

    async def commit(self, *, everything: bool = False) -> None:
        """Commit what was applied, at most once a second unless `everything`."""
        if not self._uncommitted or (not everything and monotonic() - self._committed_at < _COMMIT_EVERY_S):
            return
        assigned = self._consumer.assignment()
        offsets = {partition: end for partition, end in self._uncommitted.items() if partition in assigned}
        self._uncommitted.clear()
        self._committed_at = monotonic()
        if not offsets:
            return
        await self._verify()
        try:
            async with bounded(_REQUEST_S, "commit"):
                await self._consumer.commit(offsets)
        except Unavailable as error:
            if not isinstance(error.__cause__, (CommitFailedError, IllegalStateError)):
                raise
            # The partition was lost: its new owner goes on at an earlier commit and drops what was applied already.
            _log.info("consumer.commit_refused", reason=str(error))

    async def committed(self, partition: TopicPartition) -> int:
        """The group's committed offset, or the log's beginning."""
        async with bounded(_REQUEST_S, "the committed offset"):
            committed = await self._consumer.committed(partition)
        return await self.beginning(partition) if committed is None else int(committed)

    async def beginning(self, partition: TopicPartition) -> int:
        """The first offset of the log."""
        async with bounded(_REQUEST_S, "the log's beginning"):
            return int((await self._consumer.beginning_offsets([partition]))[partition])

    async def past_the_end(self) -> list[TopicPartition]:
        """Partitions whose next offset is larger than the log's end.

        Kafka answers a fetch from there with an error, the embedded broker with nothing, for ever.
        """
        past = [partition for partition in self._next if self._is_past(partition, self._end(partition))]
        # The known end may be old, from before this process was suspended. A new leader may also lag behind for a moment.
        for wait_s in (0.0, _CHECK_END_AGAIN_S):
            if not past:
                break
            await asyncio.sleep(wait_s)
            async with bounded(_REQUEST_S, "the log's end"):
                ends = await self._consumer.end_offsets(past)
            past = [partition for partition in past if self._is_past(partition, ends[partition])]
        return past

    async def ends(self, topic: str) -> dict[int, int]:
        """The offset after the last record of each partition of a topic, held or not, as the broker says now."""
        numbers = self._consumer.partitions_for_topic(topic) or set()
        async with bounded(_REQUEST_S, "the log's end"):
            ends = await self._consumer.end_offsets([TopicPartition(topic, number) for number in numbers])
        return {partition.partition: end for partition, end in ends.items()}

    def _is_past(self, partition: TopicPartition, end: int | None) -> bool:
        position = self._next.get(partition)
        return position is not None and end is not None and position > end

    def _end(self, partition: TopicPartition) -> int | None:
        if partition not in self._consumer.assignment():
            return None
        end = self._consumer.highwater(partition)
        return None if end is None else int(end)

    def lag(self) -> int | None:
        """Records not yet applied, over the partitions held; None while unknown."""
        behind = 0
        for partition, position in self._next.items():
            end = self._end(partition)
            if end is None:
                return None
            behind += max(0, end - position)
        return behind

    def publish_lag(self) -> None:
        """Set the metric of each partition."""
        for partition, position in self._next.items():
            end = self._end(partition)
            if end is not None:
                metrics.LAG.labels(partition.topic, partition.partition).set(max(0, end - position))

    def is_at_the_end(self) -> bool:
        """Whether nothing is left to apply. Every partition must have been fetched from recently: a known end may be old."""
        polled = [self._consumer.last_poll_timestamp(partition) for partition in self._consumer.assignment()]
        return all(moment is not None and time() - moment / 1000 < _SILENT_S for moment in polled) and not self.lag()
