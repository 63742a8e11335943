"""Outbox and relay on real engines: no committed event is lost, and the log ends with the newest state."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.mongo.collections import Document
from tests.support.kafka import Broker
from tests.support.outbox import ThingStore, new_thing, read_log, relay_process, relaying, until_sent
from tests.support.polling import PATIENCE_S, eventually, until


@pytest.fixture
async def store(mongo_url: str, mongo_database: str, kafka_url: str) -> ThingStore:
    """A store with a first relay run behind it, which always republishes: it does not know the log yet."""
    store = ThingStore(mongo_url, mongo_database)
    async with relaying(store, kafka_url):
        await eventually(lambda: _knows_the_log(store))
    return store


async def _knows_the_log(store: ThingStore) -> bool:
    known = await store.outbox.control.find_one({"_id": "log"})
    return known is not None and await store.outbox.republish_progress() is None


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    broker.kill()


async def test_concurrent_changes_all_arrive_in_order_for_each_thing(store: ThingStore, kafka_url: str) -> None:
    things = [new_thing() for _ in range(5)]
    turns = things * 8
    random.Random(3).shuffle(turns)

    async with relaying(store, kafka_url):
        await asyncio.gather(*(store.change(thing) for thing in turns))
        await until_sent(store)

    log = await read_log(kafka_url, things)
    assert log == {thing: list(range(1, 9)) for thing in things}


async def test_one_relay_sends_at_a_time_and_a_second_takes_over(store: ThingStore, kafka_url: str) -> None:
    things = [new_thing() for _ in range(3)]

    async with relaying(store, kafka_url) as first:
        await store.change(things[0])
        await until_sent(store)
        async with relaying(store, kafka_url) as second:
            await store.change(things[1])
            await until_sent(store)
            assert [message.key.decode() for message in first.sent] == things[:2]
            assert second.sent == []
    async with relaying(store, kafka_url) as third:
        await store.change(things[2])
        await until_sent(store)

    assert [message.key.decode() for message in third.sent] == [things[2]]
    assert await read_log(kafka_url, things) == {thing: [1] for thing in things}


def _withhold(store: ThingStore, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Hide pending rows from the relay until the list is cleared."""
    withheld, pending = [True], store.outbox.pending

    async def read() -> list[Document]:
        return [] if withheld else await pending()

    monkeypatch.setattr(store.outbox, "pending", read)
    return withheld


async def test_own_rows_are_sent_from_memory_once_and_in_order(
    store: ThingStore, kafka_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = [new_thing() for _ in range(3)]
    async with relaying(store, kafka_url) as relay:
        withheld = _withhold(store, monkeypatch)
        for thing in things * 3:
            await store.change(thing)
        await until(lambda: len(relay.sent) >= 9, "all rows are sent, none was read from MongoDB")
        withheld.clear()
        await until_sent(store)

    assert await read_log(kafka_url, things) == {thing: [1, 2, 3] for thing in things}


async def test_own_row_waits_for_an_earlier_row_of_another_process(
    store: ThingStore, kafka_url: str, mongo_url: str, mongo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    thing, later, neighbour = new_thing(), new_thing(), ThingStore(mongo_url, mongo_database)
    async with relaying(store, kafka_url) as relay:
        withheld = _withhold(store, monkeypatch)
        await store.change(thing)
        await until(lambda: len(relay.sent) == 1, "the first version is sent")
        await neighbour.change(thing)
        await store.change(thing)
        await store.change(later)
        await until(lambda: len(relay.sent) == 2, "rows of other things do not wait")
        withheld.clear()
        await until_sent(store)

    assert await read_log(kafka_url, [thing, later]) == {thing: [1, 2, 3], later: [1]}


async def test_row_sent_but_not_deleted_by_a_killed_relay_is_sent_again(
    store: ThingStore, kafka_url: str, mongo_url: str, mongo_database: str
) -> None:
    thing = new_thing()
    await store.change(thing)
    async with relay_process(kafka_url, mongo_url, mongo_database, "die") as process:
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == -signal.SIGKILL
    assert await store.outbox.pending(), "killed too late: the test proves nothing"

    async with relaying(store, kafka_url):
        await until_sent(store)

    assert await read_log(kafka_url, [thing]) == {thing: [1, 1]}


async def test_relay_paused_past_its_lease_leaves_the_newest_state_last(
    store: ThingStore, kafka_url: str, mongo_url: str, mongo_database: str
) -> None:
    thing = new_thing()
    await store.change(thing)
    async with relay_process(kafka_url, mongo_url, mongo_database, "sleep") as process:
        await eventually(lambda: _is_stopped(process.pid))
        async with relaying(store, kafka_url):
            await store.change(thing)
            await until_sent(store)

            os.kill(process.pid, signal.SIGCONT)

            async def is_corrected() -> bool:
                versions = (await read_log(kafka_url, [thing]))[thing]
                return versions[-1] == 2 and versions.count(1) == 2

            await eventually(is_corrected, what="the late old state is followed by the newest")
    assert await read_log(kafka_url, [thing]) == {thing: [1, 2, 1, 2]}


async def test_relay_paused_past_its_lease_and_killed_after_a_late_send_leaves_the_newest_state_last(
    store: ThingStore, kafka_url: str, mongo_url: str, mongo_database: str
) -> None:
    thing = new_thing()
    await store.change(thing)
    async with relay_process(kafka_url, mongo_url, mongo_database, "die-late") as process:
        await eventually(lambda: _is_stopped(process.pid))
        async with relaying(store, kafka_url, repeat_after=timedelta(seconds=1)):
            await store.change(thing)
            await until_sent(store)

            os.kill(process.pid, signal.SIGCONT)
            assert await asyncio.to_thread(process.wait, PATIENCE_S) == -signal.SIGKILL

            async def is_corrected() -> bool:
                versions = (await read_log(kafka_url, [thing]))[thing]
                return versions.count(1) == 2 and versions[-1] == 2

            await eventually(is_corrected, what="the late old state is followed by the newest")


async def test_next_relay_goes_on_with_the_repetitions_and_a_released_lease_needs_none(
    store: ThingStore, kafka_url: str, mongo_url: str, mongo_database: str
) -> None:
    thing = new_thing()
    await store.change(thing)
    async with relay_process(kafka_url, mongo_url, mongo_database, "die") as process:
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == -signal.SIGKILL
    async with relaying(store, kafka_url, repeat_after=timedelta(seconds=0)):
        await until_sent(store)

    async with relaying(store, kafka_url) as third:
        await until(lambda: len(third.sent) >= 1, "the noted aggregate is sent again by the next holder")

    noted = await store.outbox.control.find({"kind": "late"}).to_list(None)
    assert [late["aggregates"] for late in noted] == [[thing]]
    assert [message.key.decode() for message in third.sent] == [thing] * len(third.sent)


async def _is_stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "T"


async def test_interrupted_republication_continues_where_it_ended(store: ThingStore, kafka_url: str) -> None:
    things = sorted(new_thing() for _ in range(20))
    async with relaying(store, kafka_url):
        for thing in things:
            await store.change(thing)
        await until_sent(store)
    await store.outbox.request_republish()

    async with relaying(store, kafka_url, most=8) as first:
        await until(lambda: len(first.sent) >= 8, "two chunks are sent")
    progress = await store.outbox.republish_progress()
    async with relaying(store, kafka_url) as second:
        await eventually(lambda: _knows_the_log(store), what="the republication ends")

    assert progress is not None
    assert 4 <= progress < 20, "interrupted too late: the test proves nothing"
    assert [message.key.decode() for message in second.sent] == things[progress:]
    assert all(len(versions) >= 2 for versions in (await read_log(kafka_url, things)).values())


async def test_request_during_a_republication_restarts_it(store: ThingStore, kafka_url: str) -> None:
    things = sorted(new_thing() for _ in range(20))
    async with relaying(store, kafka_url) as producer:
        for thing in things:
            await store.change(thing)
        await until_sent(store)
        await store.outbox.request_republish()
        await until(lambda: len(producer.sent) >= 28, "two chunks are sent")

        sent = len(producer.sent)
        await store.outbox.request_republish()
        await eventually(lambda: _knows_the_log(store), what="the republication ends")

    assert set(things) <= {message.key.decode() for message in producer.sent[sent:]}


async def test_emptied_log_is_refilled(store: ThingStore, broker: Broker) -> None:
    things = [new_thing() for _ in range(10)]
    await broker.start()
    async with relaying(store, broker.url):
        for thing in things:
            await store.change(thing)
        await until_sent(store)

        broker.kill()
        await store.change(things[0])
        await broker.start()

        async def is_complete() -> bool:
            return {thing: versions[-1:] for thing, versions in (await read_log(broker.url, things)).items()} == {
                thing: [2] if thing == things[0] else [1] for thing in things
            }

        await eventually(is_complete, what="the log is complete")


async def test_change_waits_while_kafka_is_away_and_health_shows_it(store: ThingStore, broker: Broker) -> None:
    thing = new_thing()
    async with relaying(store, broker.url):
        await store.change(thing)
        assert (await store.outbox.facts())["outbox_pending"] == 1

        await broker.start()

        await until_sent(store)
        assert await store.outbox.facts() == {"outbox_pending": 0, "outbox_oldest_s": 0.0}
        assert (await read_log(broker.url, [thing]))[thing][-1] == 1
