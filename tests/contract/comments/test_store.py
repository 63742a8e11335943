"""The comment store: republication in order of ids from any position, limits, indexes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.comments.model import comment_store
from services.comments.model.records import Comment, next_version
from services.comments.model.store import Store
from shared.ids import made_at, new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.times import now
from tests.support.comments import id_of


def a_comment(comment_id: str) -> Comment:
    return Comment(comment_id, 1, "a", None, comment_id, "Ada", None, "Yes.", "<p>Yes.</p>", "published", now())


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    store = Store(Mongo(mongo_url), starts_as="post", database=mongo_database)
    await store.prepare()
    yield store
    store.mongo.close()


async def _add(store: Store, *comments: Comment) -> None:
    async def work(session: Session) -> None:
        for comment in comments:
            await store.comments.add(comment, session)

    await store.mongo.transaction(work)


async def _all_after(store: Store, after: str | None) -> list[str]:
    return [event.id async for events in store.comments.events_after(after) for event in events]


def test_id_holds_its_creation_time() -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC)

    assert made_at(id_of(moment)) == moment


async def test_republish_yields_every_comment_once_across_days_and_chunks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_store, "_REPUBLISH_CHUNK", 3)
    ids = sorted(id_of(now() - timedelta(days=days, milliseconds=n)) for days in (400, 3, 2, 0) for n in range(5))
    await _add(store, *(a_comment(comment_id) for comment_id in reversed(ids)))

    assert await _all_after(store, None) == ids
    for number in (0, 4, 7, 19):
        assert await _all_after(store, ids[number]) == ids[number + 1 :]


async def test_republish_steps_over_the_empty_years_of_an_archive(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [id_of(now() - timedelta(days=days)) for days in (7001, 7000, 3650, 31, 1, 0)]
    await _add(store, *map(a_comment, ids))
    reads, has_comments = 0, store.comments._has_comments

    async def count(after: datetime, until: datetime) -> bool:
        nonlocal reads
        reads += 1
        return await has_comments(after, until)

    monkeypatch.setattr(store.comments, "_has_comments", count)

    assert await _all_after(store, None) == ids
    assert reads < 150


async def test_republish_of_an_empty_store_yields_nothing(store: Store) -> None:
    assert await _all_after(store, None) == []


async def test_comments_of_an_article_are_read_by_an_index(store: Store, mongo_database: str) -> None:
    await _add(store, *(replace(a_comment(new_id()), article_id=f"a{number % 10}") for number in range(50)))
    query = {"find": "comments", "filter": {"article_id": "a1", "status": "published"}, "sort": {"_id": 1}, "limit": 3}

    plan = await store.mongo.database(mongo_database).command("explain", query, verbosity="executionStats")

    assert plan["executionStats"]["totalDocsExamined"] <= 5


async def test_latest_events_have_the_latest_versions(store: Store) -> None:
    comment = a_comment(new_id())
    await _add(store, comment)

    async def remove(session: Session) -> None:
        await store.comments.replace(next_version(comment, "removed"), session)

    await store.mongo.transaction(remove)
    (event,) = await store.comments.latest_events([comment.id, new_id()])

    assert (event.ce_type, event.version, event.body) == ("world-monitor.comment.removed.v1", 2, "")
