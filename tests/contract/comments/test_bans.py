"""Bans in memory: found by address, network and browser; known to every instance within two seconds."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.comments.access.bans import Bans
from services.comments.model.moderation_records import Ban, BanTarget
from services.comments.model.records import author_of
from services.comments.model.store import Store
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.mongo.expiry import expiring
from shared.times import now
from tests.support.polling import eventually

WITHIN_S = 2.0


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    store = Store(Mongo(mongo_url), starts_as="post", database=mongo_database)
    await store.prepare()
    yield store
    store.mongo.close()


def a_ban(target: BanTarget, value: str, *, ends_in_s: float | None = None) -> Ban:
    until = None if ends_in_s is None else now() + timedelta(seconds=ends_in_s)
    return Ban(new_id(), "ban", target, value, until, "spam", "Mo", now())


async def _put(store: Store, *bans: Ban) -> list[Ban]:
    async def work(session: Session) -> list[Ban]:
        return [await store.bans.put(ban, session) for ban in bans]

    return await store.mongo.transaction(work)


async def _lift(store: Store, ban_id: str) -> Ban | None:
    async def work(session: Session) -> Ban | None:
        return await store.bans.lift(ban_id, session)

    return await store.mongo.transaction(work)


@pytest.mark.parametrize(
    ("target", "value", "network", "is_found"),
    [
        ("network", "203.0.113.0/24", "203.0.113.9", True),
        ("network", "203.0.113.0/24", "203.0.113.0/24", True),
        ("network", "203.0.113.0/24", "::ffff:203.0.113.9", True),
        ("network", "203.0.113.0/24", "203.0.114.9", False),
        ("network", "203.0.113.9/32", "203.0.113.9", True),
        ("network", "203.0.113.9/32", "203.0.113.0/24", False),
        ("network", "2001:db8::/32", "2001:db8:7::1", True),
        ("network", "0.0.0.0/0", "2001:db8::1", False),
        ("network", "203.0.113.0/24", "not an address", False),
        ("email", author_of("ada@example.org"), "", True),
        ("email", author_of("bob@example.org"), "", False),
        ("visitor", "browser", "", True),
    ],
)
async def test_ban_is_found_by_its_target(
    store: Store, target: BanTarget, value: str, network: str, is_found: bool
) -> None:
    (ban,) = await _put(store, a_ban(target, value))

    found = await Bans(store.bans).find("ada@example.org", network, "browser")

    assert found == ([ban] if is_found else [])


async def test_hundred_bans_and_their_lifting_are_known_to_both_instances_within_two_seconds(store: Store) -> None:
    emails = [f"reader{number}@example.org" for number in range(100)]
    here, there = Bans(store.bans), Bans(store.bans)

    async def are_banned(expected: int) -> None:
        async def known() -> bool:
            counts = [sum([bool(await bans.find(email, "", "")) for email in emails]) for bans in (here, there)]
            return counts == [expected, expected]

        await eventually(known, within_s=WITHIN_S, what=f"{expected} are banned in both instances")

    await are_banned(0)
    put = await _put(store, *(a_ban("email", author_of(email)) for email in emails))
    await are_banned(100)
    for ban in put:
        assert await _lift(store, ban.id) == ban
    await are_banned(0)

    assert await store.bans.all() == []


async def test_second_ban_of_a_target_changes_the_first_so_that_one_lifting_ends_both(store: Store) -> None:
    (first,) = await _put(store, a_ban("email", author_of("ada@example.org")))
    (second,) = await _put(store, a_ban("email", author_of("ada@example.org"), ends_in_s=60))

    assert (second.id, second.until is None) == (first.id, False)
    await _lift(store, first.id)

    assert await Bans(store.bans).find("ada@example.org", "", "") == []
    assert await _lift(store, first.id) is None


async def test_ban_holds_until_its_end_without_a_read(store: Store) -> None:
    await _put(store, a_ban("email", author_of("ada@example.org"), ends_in_s=0.3), a_ban("visitor", "browser"))
    bans = Bans(store.bans, clock=lambda: 0.0)
    assert len(await bans.find("ada@example.org", "", "browser")) == 2

    async def has_ended() -> bool:
        return [ban.target for ban in await bans.find("ada@example.org", "", "browser")] == ["visitor"]

    await eventually(has_ended, within_s=WITHIN_S, what="the ban ends")


async def test_ended_bans_are_deleted_and_those_for_ever_stay(store: Store) -> None:
    await _put(store, a_ban("email", "a", ends_in_s=-7200), a_ban("email", "b", ends_in_s=60), a_ban("email", "c"))

    async def are_left() -> bool:
        return {ban.value for ban in await store.bans.all()} == {"b", "c"}

    async with expiring(store.bans.collection, timedelta(hours=1), field="until"):
        await eventually(are_left, what="the ended ban is deleted")
    assert await are_left()
