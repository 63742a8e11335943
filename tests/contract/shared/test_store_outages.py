"""A member whose store is away: retries, membership, readiness."""

import asyncio

import pytest
from aiokafka.consumer.subscription_state import SubscriptionState

from shared.errors import Unavailable
from shared.kafka.member import Member
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch, StateTopicSink
from shared.process import metrics
from shared.settings import Settings
from tests.support.kafka import Memory, make_topic, numbered, running, unique
from tests.support.polling import until


async def test_batch_is_retried_after_unavailable(settings: Settings, producer: Producer) -> None:
    topic, sink = await make_topic(settings.kafka, 1), Memory()
    await producer.send(*numbered(topic, 0, 5))
    refused: list[int] = []

    def refuse_once(batch: Batch) -> None:
        if not refused:
            refused.append(batch.start)
            raise Unavailable("MongoDB is away")

    sink.before = refuse_once
    async with running(settings, unique("g"), topic, sink):
        await until(lambda: len(sink.values) >= 5, "the batch is applied")

    assert refused == [0]
    assert sink.values == ["0", "1", "2", "3", "4"]


async def test_member_is_not_ready_while_its_batches_are_refused(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.group._READY_WITHIN_S", 4.0)  # longer than the pause between two tries
    topic, sink = await make_topic(settings.kafka, 1), Memory()

    def refuse(_: Batch) -> None:
        raise Unavailable("Redis takes no writes")

    sink.before = refuse
    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: runner.ready, "the member has its assignment")
        await producer.send(*numbered(topic, 0, 1))
        await until(lambda: not runner.ready, "the member is not ready")
        sink.before = lambda _: None
        await until(lambda: runner.ready and sink.values == ["0"], "the member is ready again")


class Away(StateTopicSink):
    """A sink whose store is away for the batch with a certain value, until it is `back`."""

    def __init__(self, away_at: str) -> None:
        super().__init__(self._store, batch_limit=2)
        self.back = False
        self.stored: list[str] = []
        self.refused: list[int] = []
        self._away_at = away_at

    async def _store(self, batch: Batch) -> None:
        values = [(record.value or b"").decode() for record in batch.records]
        if self._away_at in values and not self.back:
            self.refused.append(batch.tries)
            raise Unavailable("the store is away")
        self.stored += values


def _generation(member: Member) -> tuple[int, str]:
    coordinator = member._consumer._coordinator
    assert coordinator is not None
    return coordinator.generation, coordinator.member_id


async def test_member_keeps_its_membership_while_a_store_is_away(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shortened: an outage of 5 s that outlasts the watchdog's limit and two heartbeats.

    aiokafka believes that nobody has polled for an hour. With its usual limit of five minutes it would leave the group.
    """
    ended: list[str] = []
    monkeypatch.setattr("shared.kafka.group.end_process", ended.append)
    monkeypatch.setattr("shared.kafka.group._READY_WITHIN_S", 1.0)
    monkeypatch.setattr(SubscriptionState, "fetcher_idle_time", property(lambda _: 3600.0))
    settings = settings.model_copy(update={"session_timeout_ms": 6000, "stall_timeout_s": 10.0})
    topic, sink = await make_topic(settings.kafka, 1), Away("5")
    await producer.send(*numbered(topic, 0, 10))

    async with running(settings, unique("g"), topic, sink) as runner:
        await until(lambda: sink.refused, "the store is away")
        member, rebalances = runner._member, metrics.REBALANCES._value.get()
        assert member is not None
        generation = _generation(member)
        runner._stall_timeout_s = 3.0  # only now: the first assignment may take longer
        await asyncio.sleep(5)
        assert not runner.ready
        assert runner.partitions == ((topic, 0),)
        sink.back = True
        await until(lambda: len(sink.stored) == 10 and runner.ready, "the member goes on")
        await producer.send(*numbered(topic, 10, 5))
        await until(lambda: len(sink.stored) == 15, "records from after the outage are applied")

        assert runner._member is member
        assert _generation(member) == generation
        assert metrics.REBALANCES._value.get() == rebalances
    assert sink.stored == [str(number) for number in range(15)], "each record is applied once, in order"
    assert sink.refused == list(range(1, len(sink.refused) + 1)), "only one batch is retried"
    assert not ended


async def test_stop_while_a_store_is_away_commits_what_was_applied(settings: Settings, producer: Producer) -> None:
    topic, group, first, second = await make_topic(settings.kafka, 1), unique("g"), Away("5"), Away("none")
    await producer.send(*numbered(topic, 0, 10))

    async with running(settings, group, topic, first):
        await until(lambda: first.refused, "the store is away")
    async with running(settings, group, topic, second):
        await until(lambda: "9" in second.stored, "the next member goes on")

    assert first.stored + second.stored == [str(number) for number in range(10)]
