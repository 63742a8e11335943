"""The outbox and its relay on real engines: nothing committed is lost, and the newest state is the last in the log."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator

import pytest

from shared.mongo.collections import Document
from tests.support.kafka import Broker
from tests.support.outbox import Owner, a_thing, read_log, relay_process, relaying, until_sent
from tests.support.polling import PATIENCE_S, eventually, until


@pytest.fixture
async def owner(mongo_url: str, mongo_database: str, kafka_url: str) -> Owner:
    """An owner whose relay knows the log: the first one of all republishes, since the log may be anything."""
    owner = Owner(mongo_url, mongo_database)
    async with relaying(owner, kafka_url):
        await eventually(lambda: _knows_the_log(owner))
    return owner


async def _knows_the_log(owner: Owner) -> bool:
    known = await owner.outbox.control.find_one({"_id": "log"})
    return known is not None and await owner.outbox.republish_progress() is None


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    broker.kill()


async def test_changes_of_concurrent_transactions_all_arrive_each_things_in_order(owner: Owner, kafka_url: str) -> None:
    things = [a_thing() for _ in range(5)]
    turns = things * 8
    random.Random(3).shuffle(turns)

    async with relaying(owner, kafka_url):
        await asyncio.gather(*(owner.change(thing) for thing in turns))
        await until_sent(owner)

    log = await read_log(kafka_url, things)
    assert log == {thing: list(range(1, 9)) for thing in things}


async def test_one_relay_works_at_a_time_and_another_follows_it(owner: Owner, kafka_url: str) -> None:
    things = [a_thing() for _ in range(3)]

    async with relaying(owner, kafka_url) as first:
        await owner.change(things[0])
        await until_sent(owner)
        async with relaying(owner, kafka_url) as second:
            await owner.change(things[1])
            await until_sent(owner)
            assert [message.key.decode() for message in first.sent] == things[:2]
            assert second.sent == []
    async with relaying(owner, kafka_url) as third:
        await owner.change(things[2])
        await until_sent(owner)

    assert [message.key.decode() for message in third.sent] == [things[2]]
    assert await read_log(kafka_url, things) == {thing: [1] for thing in things}


def _withhold(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Keep the relay from reading rows until the list is emptied."""
    withheld, pending = [True], owner.outbox.pending

    async def read() -> list[Document]:
        return [] if withheld else await pending()

    monkeypatch.setattr(owner.outbox, "pending", read)
    return withheld


async def test_what_this_process_committed_is_sent_from_memory_once_and_in_order(
    owner: Owner, kafka_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = [a_thing() for _ in range(3)]
    async with relaying(owner, kafka_url) as relay:
        withheld = _withhold(owner, monkeypatch)
        for thing in things * 3:
            await owner.change(thing)
        await until(lambda: len(relay.sent) >= 9, "all is sent, and nothing was read back")
        withheld.clear()
        await until_sent(owner)

    assert await read_log(kafka_url, things) == {thing: [1, 2, 3] for thing in things}


async def test_a_change_of_this_process_waits_for_the_one_before_it_that_another_process_committed(
    owner: Owner, kafka_url: str, mongo_url: str, mongo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    thing, later, neighbour = a_thing(), a_thing(), Owner(mongo_url, mongo_database)
    async with relaying(owner, kafka_url) as relay:
        withheld = _withhold(owner, monkeypatch)
        await owner.change(thing)
        await until(lambda: len(relay.sent) == 1, "the first version is sent")
        await neighbour.change(thing)
        await owner.change(thing)
        await owner.change(later)
        await until(lambda: len(relay.sent) == 2, "a neighbour's row holds up no other thing")
        withheld.clear()
        await until_sent(owner)

    assert await read_log(kafka_url, [thing, later]) == {thing: [1, 2, 3], later: [1]}


async def test_what_a_relay_had_sent_but_not_settled_when_it_was_killed_is_sent_again(
    owner: Owner, kafka_url: str, mongo_url: str, mongo_database: str
) -> None:
    thing = a_thing()
    await owner.change(thing)
    async with relay_process(kafka_url, mongo_url, mongo_database, "die") as process:
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == -signal.SIGKILL
    assert await owner.outbox.pending(), "it was killed too late: the test has proved nothing"

    async with relaying(owner, kafka_url):
        await until_sent(owner)

    assert await read_log(kafka_url, [thing]) == {thing: [1, 1]}


async def test_a_relay_that_slept_past_its_lease_leaves_the_newest_state_last(
    owner: Owner, kafka_url: str, mongo_url: str, mongo_database: str
) -> None:
    thing = a_thing()
    await owner.change(thing)
    async with relay_process(kafka_url, mongo_url, mongo_database, "sleep") as process:
        await eventually(lambda: _is_stopped(process.pid))
        async with relaying(owner, kafka_url):
            await owner.change(thing)
            await until_sent(owner)

            os.kill(process.pid, signal.SIGCONT)

            async def healed() -> bool:
                versions = (await read_log(kafka_url, [thing]))[thing]
                return versions[-1] == 2 and versions.count(1) == 2

            await eventually(healed, what="the old state came late, and the newest after it")
    assert await read_log(kafka_url, [thing]) == {thing: [1, 2, 1, 2]}


async def _is_stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "T"


async def test_a_republication_that_was_cut_off_goes_on_where_it_was(owner: Owner, kafka_url: str) -> None:
    things = sorted(a_thing() for _ in range(20))
    async with relaying(owner, kafka_url):
        for thing in things:
            await owner.change(thing)
        await until_sent(owner)
    await owner.outbox.request_republish()

    async with relaying(owner, kafka_url) as first:
        await until(lambda: len(first.sent) >= 8, "two chunks are sent")
    progress = await owner.outbox.republish_progress()
    async with relaying(owner, kafka_url) as second:
        await eventually(lambda: _knows_the_log(owner), what="the republication ends")

    assert progress is not None
    assert 4 <= progress < 20, "it was cut off too late: the test has proved nothing"
    assert [message.key.decode() for message in second.sent] == things[progress:]
    assert all(len(versions) >= 2 for versions in (await read_log(kafka_url, things)).values())


async def test_a_request_that_comes_during_a_republication_starts_it_anew(owner: Owner, kafka_url: str) -> None:
    things = sorted(a_thing() for _ in range(20))
    async with relaying(owner, kafka_url) as producer:
        for thing in things:
            await owner.change(thing)
        await until_sent(owner)
        await owner.outbox.request_republish()
        await until(lambda: len(producer.sent) >= 28, "two chunks are sent")

        sent = len(producer.sent)
        await owner.outbox.request_republish()
        await eventually(lambda: _knows_the_log(owner), what="the republication ends")

    assert set(things) <= {message.key.decode() for message in producer.sent[sent:]}


async def test_a_log_that_came_back_empty_is_made_whole(owner: Owner, broker: Broker) -> None:
    things = [a_thing() for _ in range(10)]
    await broker.start()
    async with relaying(owner, broker.url):
        for thing in things:
            await owner.change(thing)
        await until_sent(owner)

        broker.kill()
        await owner.change(things[0])
        await broker.start()

        async def whole() -> bool:
            return {thing: versions[-1:] for thing, versions in (await read_log(broker.url, things)).items()} == {
                thing: [2] if thing == things[0] else [1] for thing in things
            }

        await eventually(whole, what="the log is whole")


async def test_a_change_waits_while_kafka_is_away_and_is_seen_by_its_age(owner: Owner, broker: Broker) -> None:
    thing = a_thing()
    async with relaying(owner, broker.url):
        await owner.change(thing)
        assert (await owner.outbox.facts())["outbox_pending"] == 1

        await broker.start()

        await until_sent(owner)
        assert await owner.outbox.facts() == {"outbox_pending": 0, "outbox_oldest_s": 0.0}
        assert (await read_log(broker.url, [thing]))[thing][-1] == 1
