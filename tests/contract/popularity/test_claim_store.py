"""Claims of views on a real Redis: a model of repeats and crowds, their memory, and what attackers get."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.popularity.views.claim_store import CLAIMED, CROWD, REPEAT, SAME, SAME_WITHIN_S, WIDER, ClaimStore
from services.popularity.views.claims import Claims, OutgoingView
from services.popularity.views.day_keys import Keys
from services.popularity.views.view_batcher import ViewBatcher
from services.popularity.views.visitor_names import claim_of, client_of, visitor_name
from shared.errors import Problem
from shared.events import PageViewed, Record, decode, encode
from shared.kafka.producer import Producer
from shared.redis import connect
from shared.times import now
from tests.support.examples import examples
from tests.support.ports import free_port

NOW_S = 1_774_700_000
REPEAT_S = 1800
MOST = 12
KEYS = Keys(b"k" * 32, None, 0.0)


@pytest.fixture
async def claims(redis_url: str) -> AsyncIterator[ClaimStore]:
    client = connect(f"{redis_url}/7")
    await client.flushdb()
    yield ClaimStore(client, REPEAT_S, MOST)
    await client.flushdb()
    await client.aclose()


def _claim(
    address: str, agent: str = "Firefox", article: str = "a", event: UUID | None = None, keys: Keys = KEYS
) -> bytes:
    client, origin = client_of(address, agent), "https://wm.example"
    visitor = visitor_name(keys.today or b"", client, origin)
    return claim_of(keys, client, visitor, origin, article, (event or uuid4()).bytes)


async def test_visitors_further_views_within_the_time_are_repeats(claims: ClaimStore) -> None:
    event = uuid4()
    first = _claim("192.0.2.1", event=event)
    others = [_claim("192.0.2.2"), _claim("192.0.2.1", "Chrome"), _claim("192.0.2.1", article="b")]

    one_batch = await claims.claim([first, _claim("192.0.2.1"), *others], NOW_S)
    retried = await claims.claim([first], NOW_S + SAME_WITHIN_S - 1)
    forgotten = await claims.claim([first], NOW_S + SAME_WITHIN_S)
    later = await claims.claim([_claim("192.0.2.1"), first], NOW_S + REPEAT_S - 1)
    after = await claims.claim([_claim("192.0.2.1")], NOW_S + REPEAT_S)

    assert list(one_batch) == [CLAIMED, REPEAT, CLAIMED, CLAIMED, CLAIMED]
    assert (list(retried), list(forgotten)) == ([SAME], [REPEAT])
    assert list(later) == [REPEAT, REPEAT]
    assert list(after) == [CLAIMED]


async def test_claim_of_yesterdays_key_is_known_after_midnight(claims: ClaimStore) -> None:
    today = Keys(b"t" * 32, KEYS.today, 0.0)

    await claims.claim([_claim("192.0.2.1")], NOW_S)

    assert list(await claims.claim([_claim("192.0.2.1", keys=today)], NOW_S + 60)) == [REPEAT]
    assert list(await claims.claim([_claim("192.0.2.1", keys=today._replace(yesterday=None))], NOW_S + 60)) == [CLAIMED]


async def test_released_claim_is_free_and_a_later_ones_stays(claims: ClaimStore) -> None:
    lost, kept = _claim("192.0.2.1"), _claim("192.0.2.1")

    await claims.claim([lost], NOW_S)
    await claims.release([lost])
    taken = await claims.claim([kept], NOW_S + 1)
    await claims.release([lost])

    assert list(taken) == [CLAIMED]
    assert list(await claims.claim([_claim("192.0.2.1")], NOW_S + 2)) == [REPEAT]


@dataclass
class _Model:
    """What the claims should be: every claim with its second."""

    visitors: dict[tuple[str, str, str], tuple[UUID, int]] = field(default_factory=dict)
    networks: list[tuple[str, str, int]] = field(default_factory=list)

    def claim(self, address: str, agent: str, article: str, event: UUID, now_s: int) -> int:
        was = self.visitors.get((address, agent, article))
        if was is not None and now_s - was[1] < REPEAT_S:
            return SAME if was[0] == event and now_s - was[1] < SAME_WITHIN_S else REPEAT
        if self._views(article, now_s, address) >= MOST or self._views(article, now_s, _wide(address)) >= WIDER * MOST:
            return CROWD
        self.visitors[address, agent, article] = event, now_s
        self.networks += [(address, article, now_s), (_wide(address), article, now_s)]
        return CLAIMED

    def _views(self, article: str, now_s: int, network: str) -> int:
        # The hash of now and the four before.
        slot = REPEAT_S // 4
        since = (now_s // slot - 4) * slot
        return sum((network, article) == found[:2] and found[2] >= since for found in self.networks)


def _wide(address: str) -> str:
    return address.rpartition(".")[0]


_ADDRESSES = [f"192.0.2.{number}" for number in range(8)]
_VIEW = st.tuples(
    st.sampled_from(_ADDRESSES),
    st.integers(0, 15).map(str),
    st.sampled_from("ab"),
    st.integers(0, 30),
    st.integers(1, 40),
)


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(st.integers(0, 1200), st.lists(_VIEW, max_size=30)), max_size=25))
async def test_claims_are_those_of_a_model(
    claims: ClaimStore, batches: list[tuple[int, list[tuple[str, str, str, int, int]]]]
) -> None:
    await claims._claim.registered_client.flushdb()
    model, now_s = _Model(), NOW_S
    for passed_s, views in batches:
        now_s += passed_s
        events = [(address, agent, article, UUID(int=number)) for address, agent, article, number, _ in views]

        found = await claims.claim([_claim(*view) for view in events], now_s) if events else b""

        assert list(found) == [model.claim(*view, now_s) for view in events]


async def test_claims_have_a_bound_in_memory_and_expire(redis_url: str) -> None:
    client = connect(f"{redis_url}/7")
    await client.flushdb()
    store, most = ClaimStore(client, REPEAT_S, MOST, most_entries=450), 450
    for batch in range(25):
        views = [_claim(f"10.{batch}.{number}.1") for number in range(60)]
        assert set(await store.claim(views, NOW_S + batch)) == {CLAIMED}

    names = [key async for key in client.scan_iter("popularity:{v}:seen:*")]
    sizes = [await client.hlen(name) for name in names]
    used = sum([int(await client.memory_usage(name, samples=0) or 0) for name in names])
    kept = await client.keys("popularity:*")
    ends = [await client.ttl(name) for name in names]
    await client.flushdb()
    await client.aclose()

    print(f"{used / sum(sizes):.0f} bytes an entry")
    assert len(names) == 5
    assert max(sizes) <= most
    assert used / sum(sizes) < 100
    assert len(kept) == 6
    assert all(0 < end <= 2 * REPEAT_S for end in ends)


# The table of docs/SECURITY.md: there a day has one burst more, since claims begin anew with the key of a day. The
# attacker invents browsers, so only networks limit it.
@pytest.mark.parametrize(
    ("networks", "hour", "day"),
    [
        (["203.0.113.7"], 24, 468),
        ([f"203.0.113.{number}" for number in range(0, 250, 40)], 120, 2_340),
        ([f"2001:db8:0:{number:x}::1" for number in range(7)], 120, 2_340),
    ],
    ids=["one address", "a /24", "a /48 of IPv6"],
)
async def test_attackers_views_are_bounded_by_the_hour_and_day(
    claims: ClaimStore, networks: list[str], hour: int, day: int
) -> None:
    step, counted = REPEAT_S // 4, []
    for second in range(NOW_S, NOW_S + 86_400, step):
        views = [_claim(network, str(number)) for network in networks for number in range(MOST + 1)]
        found = await claims.claim(views, second)
        counted.append(found.count(CLAIMED))
    in_an_hour = 3600 // step

    assert max(sum(counted[start : start + in_an_hour]) for start in range(len(counted) - in_an_hour + 1)) == hour
    assert sum(counted) == day


def _outgoing(claim: bytes) -> OutgoingView:
    viewed = PageViewed(id=uuid4(), article_id="a", section="world", viewed_at=now())
    return OutgoingView(encode(viewed), None, claim)


async def test_views_count_while_redis_is_away() -> None:
    views = [_outgoing(_claim("192.0.2.1")) for _ in range(2)]
    claims = Claims(ClaimStore(connect(f"redis://127.0.0.1:{free_port()}"), REPEAT_S, MOST))

    await claims.claim(views)
    await claims.release(views)

    assert [(view.dropped, view.is_claimed) for view in views] == [(None, False)] * 2


async def test_view_that_kafka_did_not_take_gives_its_claim_back(claims: ClaimStore) -> None:
    producer = Producer(f"127.0.0.1:{free_port()}", idempotence=False, timeout_s=0.5)
    batcher = ViewBatcher(producer, Claims(claims, clock=lambda: float(NOW_S)))
    sending = asyncio.create_task(batcher.run())

    with pytest.raises(Problem) as refused:
        await batcher.accept(_outgoing(_claim("192.0.2.1")), 0)
    after = await claims.claim([_claim("192.0.2.1")], NOW_S)
    sending.cancel()
    await producer.stop()

    assert refused.value.status == 503
    assert list(after) == [CLAIMED]


def test_reason_of_a_repeat_is_written_into_the_record() -> None:
    view = _outgoing(b"")

    view.drop("repeat")
    event = decode(Record(view.message.topic, 0, 0, view.message.key, view.message.value, view.message.headers, 0))

    assert isinstance(event, PageViewed)
    assert event.dropped == view.dropped == "repeat"
    with pytest.raises(ValueError, match="dropped already"):
        view.drop("crowd")
