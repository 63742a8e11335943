"""Members that join, leave and lose partitions, on a real broker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import pairwise

import pytest

from shared.events import Message
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch, PositionDiffers
from shared.settings import Settings
from tests.support.kafka import Memory, make_topic, numbered, running, unique
from tests.support.polling import until


async def test_group_can_be_joined_after_its_members_ended_together(settings: Settings) -> None:
    topic, group = await make_topic(settings.kafka, 4), unique("g")
    async with running(settings, group, topic, Memory()) as leader:
        await until(lambda: len(leader.partitions) == 4, "the leader has all partitions")
        async with running(settings, group, topic, Memory()) as other:
            await until(lambda: len(leader.partitions) == len(other.partitions) == 2, "both have partitions")

    async with running(settings, group, topic, Memory()) as successor:
        await until(lambda: len(successor.partitions) == 4, "the successor has all partitions")


async def test_second_member_gets_its_share_and_gives_it_back(settings: Settings, producer: Producer) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 4), unique("g"), Memory(), Memory()
    sent = 0

    async with running(settings, group, topic, first) as one:
        await until(lambda: len(one.partitions) == 4, "the first member has all")
        async with running(settings, group, topic, second) as two:
            await until(lambda: len(one.partitions) == len(two.partitions) == 2, "each has half")
            while not (first.values and second.values):
                await producer.send(*numbered(topic, sent, 20))
                sent += 20
            await until(lambda: {*first.values, *second.values} == set(map(str, range(sent))), "all are applied")
        await until(lambda: len(one.partitions) == 4, "the first member has all again")
        await producer.send(*numbered(topic, sent, 20))
        await until(
            lambda: {*first.values, *second.values} == set(map(str, range(sent + 20))), "later records are applied"
        )

    for partition in range(4):
        ends = [batch.end for sink in (first, second) for batch in sink.batches if batch.partition == partition]
        assert len(ends) == len(set(ends)), "no batch is applied twice in a graceful rebalance"


async def test_batch_that_outlasts_its_drain_is_not_lost(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.member._DRAIN_S", 0.5)
    topic, group, first, second = await make_topic(settings.kafka, 2), unique("g"), Memory(), Memory()
    release = asyncio.Event()
    first.hold = release
    await producer.send(*numbered(topic, 0, 40))

    async with running(settings, group, topic, first) as one:
        await until(lambda: first.held, "the first member is in the middle of a batch")
        async with running(settings, group, topic, second) as two:
            await until(lambda: len(two.partitions) == 1, "the second member has its share")
            release.set()
            await producer.send(*numbered(topic, 40, 40))
            await until(lambda: {*first.values, *second.values} == set(map(str, range(80))), "all are applied")
            await until(lambda: one.lag == two.lag == 0, "both members are at the end")

    for sink in (first, second):
        for partition in (0, 1):
            batches = [batch for batch in sink.batches if batch.partition == partition]
            for earlier, later in pairwise(batches):
                assert later.start <= earlier.end, "no record is skipped between two batches"


@pytest.mark.long
async def test_members_join_and_leave_while_records_arrive_without_loss(settings: Settings, producer: Producer) -> None:
    topic, group, sinks = await make_topic(settings.kafka, 3), unique("g"), [Memory() for _ in range(4)]
    sent = 0

    async def keep_sending() -> None:
        nonlocal sent
        while True:
            await producer.send(*numbered(topic, sent, 5))
            sent += 5
            await asyncio.sleep(0.02)

    async with running(settings, group, topic, sinks[0]):
        sending = asyncio.create_task(keep_sending())
        for sink in sinks[1:]:
            async with running(settings, group, topic, sink) as runner:
                await until(lambda runner=runner: runner.ready, "the new member has its assignment")  # type: ignore[misc]
        sending.cancel()
        await until(
            lambda: {value for sink in sinks for value in sink.values} >= set(map(str, range(sent))), "all are applied"
        )


class RevokedDuringCall(Memory):
    """A sink whose member loses its partitions during a call, before the sink answers with a position."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.revoke: Callable[[], Awaitable[None]] | None = None

    async def apply(self, batch: Batch) -> None:
        if batch.records[0].value == b"in apply":
            await self._revoke()
            raise PositionDiffers(batch.end)
        await super().apply(batch)

    async def differing_positions(self, held: Mapping[tuple[str, int], int]) -> Mapping[tuple[str, int], int]:
        if not self.values:
            return {}
        await self._revoke()
        return dict.fromkeys(held, 0)

    async def _revoke(self) -> None:
        assert self.revoke is not None
        await self.revoke()
        self.answers += 1


@pytest.mark.parametrize("value", [b"in apply", b"in position check"])
async def test_member_does_not_go_on_with_a_revoked_partition(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch, value: bytes
) -> None:
    monkeypatch.setattr("shared.kafka.member._DRAIN_S", 0.1)
    topic, sink = await make_topic(settings.kafka, 1), RevokedDuringCall()

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        member = runner._member
        assert member is not None
        sink.revoke = partial(member.on_partitions_revoked, [])
        await producer.send(Message(topic, b"k", value, ()))
        await until(lambda: sink.answers, "the sink has answered after the revocation")
        assert runner.partitions == ()
        assert not runner.ready
