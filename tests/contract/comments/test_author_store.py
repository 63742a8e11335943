"""Authors' records: counters and the last outcomes, through decisions and their undoing."""

from collections.abc import AsyncIterator

import pytest

from services.comments.model.moderation_records import AuthorRecord, StatusChange
from services.comments.model.rules import Status
from services.comments.model.store import Store
from shared.mongo.client import Mongo
from shared.mongo.collections import Session

Change = tuple[str, Status | None, Status | None] | tuple[str, Status | None, Status | None, bool]


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    store = Store(Mongo(mongo_url), starts_as="post", database=mongo_database)
    await store.prepare()
    yield store
    store.mongo.close()


async def _follow(store: Store, *changes: Change) -> None:
    async def work(session: Session) -> None:
        await store.authors.follow_all([StatusChange("ada", *change) for change in changes], session)

    await store.mongo.transaction(work)


async def test_record_counts_the_present_status_of_each_comment(store: Store) -> None:
    await _follow(store, ("1", None, "pending"), ("2", None, "published"), ("3", None, "rejected"))
    await _follow(store, ("1", "pending", "published"), ("2", "published", "removed"), ("4", None, "published"))

    assert await store.authors.record("ada") == AuthorRecord(2, 1, 1, recent=4, recent_rejected=2)
    assert await store.authors.records(["ada", "nobody"]) == {"ada": await store.authors.record("ada")}
    assert await store.authors.record("nobody") == AuthorRecord()


@pytest.mark.parametrize(
    ("before", "after"),
    [("pending", "rejected"), ("published", "removed"), ("rejected", "published"), ("published", "pending")],
)
async def test_undone_change_leaves_the_record_as_it_was(store: Store, before: Status, after: Status) -> None:
    await _follow(store, ("0", None, "rejected"), ("1", None, before), ("2", None, "published"))
    first = await store.authors.record("ada")

    await _follow(store, ("1", before, after))
    between = await store.authors.record("ada")
    await _follow(store, ("1", after, before))

    assert between != first
    assert await store.authors.record("ada") == first


async def test_rejection_without_a_moderator_is_counted_but_is_no_recent_outcome(store: Store) -> None:
    await _follow(
        store, ("1", None, "rejected", True), ("2", None, "published", True), ("2", "published", "rejected", True)
    )
    await _follow(store, ("3", None, "rejected"), ("1", "rejected", "published"))

    assert await store.authors.record("ada") == AuthorRecord(1, 2, 0, recent=2, recent_rejected=1)


async def test_comment_that_its_author_deleted_counts_no_more(store: Store) -> None:
    await _follow(
        store, ("1", None, "published"), ("1", "published", None), ("2", None, "pending"), ("2", "pending", None)
    )

    assert await store.authors.record("ada") == AuthorRecord()


async def test_only_the_last_fifty_outcomes_count_as_recent(store: Store) -> None:
    changes: list[Change] = [(f"{number}", None, "rejected") for number in range(10)]
    changes += [(f"{number}", None, "published") for number in range(10, 55)]
    await _follow(store, *changes)

    # A decision about an old comment is a new outcome; it does not change those of others.
    await _follow(store, ("0", "rejected", "published"))

    assert await store.authors.record("ada") == AuthorRecord(46, 9, 0, recent=50, recent_rejected=4)


async def test_confirmed_address_has_its_time(store: Store) -> None:
    async def verify(session: Session) -> None:
        await store.authors.verify("ada", session)

    await store.mongo.transaction(verify)
    await _follow(store, ("1", None, "published"))

    record = await store.authors.record("ada")
    assert record.verified_at is not None
    assert record.published == 1
