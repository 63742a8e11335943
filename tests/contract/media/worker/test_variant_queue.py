"""Claims on waiting pictures: one worker each, lost when their time is over, the facts change, or the picture is deleted."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.media.records import Picture
from services.media.store import Store
from services.media.worker.queue_store import CLAIM, MOST_TRIES, VariantQueue
from shared.mongo.client import Mongo
from shared.times import now
from tests.support.drawn_pictures import picture
from tests.support.media_worker import waiting_picture

FILE = picture("png", 8, 8)


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    store = Store(Mongo(mongo_url), database=mongo_database)
    await store.prepare()
    yield store
    store.mongo.close()


async def add(store: Store) -> Picture:
    """Add a waiting picture."""
    added = waiting_picture(FILE)
    await store.mongo.transaction(lambda session: store.pictures.add(added, session))
    return added


async def state_of(store: Store, added: Picture) -> tuple[str, int]:
    """The state of the variants, and the failed tries."""
    found = await store.pictures.find(added.id)
    assert found is not None
    return found.variants, found.tries


async def test_each_picture_has_one_claim_oldest_first(store: Store) -> None:
    first, second = await add(store), await add(store)
    queue, other = VariantQueue(store), VariantQueue(store)
    moment = now()

    claims = [await queue.claim(moment), await other.claim(moment), await queue.claim(moment)]

    assert [claim.id if claim else None for claim in claims] == [first.id, second.id, None]
    assert queue.waiting == 2


async def test_claim_of_a_dead_worker_is_taken_over_and_no_longer_counts(store: Store) -> None:
    added = await add(store)
    queue, moment = VariantQueue(store), now()
    lost = await queue.claim(moment)
    assert lost is not None
    assert await queue.claim(moment + CLAIM - timedelta(seconds=1)) is None

    taken = await queue.claim(moment + CLAIM + timedelta(seconds=1))

    assert taken is not None
    assert not await queue.renew(lost, moment + CLAIM)
    assert not await queue.finish(lost)
    assert await state_of(store, added) == ("waiting", 0)
    assert await queue.finish(taken)
    assert await state_of(store, added) == ("done", 0)


async def test_renewed_claim_lasts_and_released_one_is_free(store: Store) -> None:
    await add(store)
    queue, moment = VariantQueue(store), now()
    claimed = await queue.claim(moment)
    assert claimed is not None
    later = moment + CLAIM - timedelta(seconds=1)

    assert await queue.renew(claimed, later)

    assert await queue.claim(later + CLAIM / 2) is None
    await queue.release(claimed)
    assert await queue.claim(later) is not None


async def test_failed_tries_end_in_refusal(store: Store) -> None:
    added = await add(store)
    queue = VariantQueue(store)

    outcomes = []
    for _ in range(MOST_TRIES):
        claimed = await queue.claim(now())
        assert claimed is not None
        outcomes.append(await queue.fail(claimed))

    assert outcomes == [False, False, True]
    assert await state_of(store, added) == ("refused", MOST_TRIES)
    assert await queue.claim(now()) is None


async def test_new_facts_and_a_deletion_end_a_claim(store: Store) -> None:
    added = await add(store)
    queue = VariantQueue(store)
    claimed = await queue.claim(now())
    assert claimed is not None
    changed = replace(added, version=2, facts=added.facts.model_copy(update={"stamp": "ffff0000"}))

    await store.mongo.transaction(lambda session: store.pictures.change(changed, added, session))

    assert not await queue.finish(claimed)
    again = await queue.claim(now())
    assert again is not None
    assert again.facts.stamp == "ffff0000"
    await store.pictures.begin_deletion(added.id, now())
    assert not await queue.finish(again)
    assert await queue.is_gone(added.id)
    assert await queue.claim(now() + 2 * CLAIM) is None
