"""Idempotency-Keys of views on a real Redis: what they are bound to, and what they can fill."""

from collections.abc import AsyncIterator

import pytest

from services.popularity.views.key_store import HALF_DAY_S, Binding, KeyStore, request_digest
from shared.redis import connect

NOW_S = 4_000_000_000
ONE, TWO = b"request1", b"request2"


@pytest.fixture
async def keys(redis_url: str) -> AsyncIterator[KeyStore]:
    client = connect(f"{redis_url}/5")
    await client.flushdb()
    yield KeyStore(client, most_of_visitor=3, most_entries=12)
    await client.flushdb()
    await client.aclose()


async def test_key_is_bound_to_its_first_request_for_a_day(keys: KeyStore) -> None:
    key = await keys.scope("192.0.2.1", "k")

    before = await keys.find(key, ONE, NOW_S)
    claimed = [await keys.claim(key, request, NOW_S) for request in (ONE, ONE, TWO)]
    await keys.mark_answered(key, ONE, NOW_S)
    after = [await keys.find(key, request, NOW_S + 24 * 3600) for request in (ONE, TWO)]

    assert before == Binding("FREE")
    assert claimed == [Binding("BOUND", True, False)] * 2 + [Binding("BOUND", False, False)]
    assert after == [Binding("BOUND", True, True), Binding("BOUND", False, True)]
    assert (await keys.find(key, ONE, NOW_S + 3 * HALF_DAY_S)).status == "FREE"
    assert await keys._redis.expiretime(f"popularity:{{keys}}:{NOW_S // HALF_DAY_S}") <= NOW_S + 3 * HALF_DAY_S


async def test_keys_of_different_visitors_do_not_meet(keys: KeyStore) -> None:
    ada, bob = [await keys.scope(network, "1") for network in ("192.0.2.1", "192.0.2.2")]

    await keys.claim(ada, ONE, NOW_S)

    assert ada.event_id == (await keys.scope("192.0.2.1", "1")).event_id != bob.event_id
    assert await keys.claim(bob, TWO, NOW_S) == Binding("BOUND", True, False)
    assert request_digest("a", ada.event_id) != request_digest("a", bob.event_id)


async def test_keys_of_a_visitor_and_of_all_are_bounded(keys: KeyStore) -> None:
    async def claim(network: int, key: int) -> str:
        return (await keys.claim(await keys.scope(f"192.0.2.{network}", str(key)), ONE, NOW_S)).status

    one_visitor = [await claim(0, key) for key in range(100)]
    others = [await claim(network, 0) for network in range(1, 100)]

    assert one_visitor == ["BOUND"] * 3 + ["VISITOR"] * 97
    assert others == ["BOUND"] * 4 + ["FULL"] * 95
    assert await claim(0, 0) == "BOUND"
    assert await keys._redis.hlen(f"popularity:{{keys}}:{NOW_S // HALF_DAY_S}") == 12
