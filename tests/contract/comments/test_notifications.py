"""Rows of mails about replies: what those who publish comments write in their own transactions."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.comments.model.records import Comment, author_of
from services.comments.model.store import Store
from services.comments.notifications.mail_store import NotificationStore
from services.comments.notifications.notifications import Notifications
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.times import now


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    store = Store(Mongo(mongo_url), starts_as="post", database=mongo_database)
    await store.prepare()
    yield store
    store.mongo.close()


def a_comment(parent_id: str | None = None) -> Comment:
    comment_id = new_id()
    return Comment(comment_id, 1, "a", parent_id, comment_id, "Ada", None, "Yes.", "<p>Yes.</p>", "published", now())


async def test_published_replies_to_a_subscribed_comment_wait_once(store: Store) -> None:
    rows = NotificationStore(store.database)
    await rows.prepare()
    notifications, parent, other = Notifications(rows, is_enabled=True), a_comment(), a_comment()
    replies = [a_comment(parent.id), a_comment(parent.id), a_comment(other.id), parent]

    async def publish(session: Session) -> None:
        await notifications.subscribe(parent.id, "ada@example.org", "ar", session)
        await notifications.enqueue(replies[0], session)

    async def decide(session: Session) -> None:
        await notifications.enqueue_all([*replies, replace(replies[0], version=3)], session)

    await store.mongo.transaction(publish)
    await store.mongo.transaction(decide)
    await store.mongo.transaction(decide)

    waiting = await rows.replies.collection.find({}).to_list(None)
    assert sorted(row["_id"] for row in waiting) == sorted(reply.id for reply in replies[:2])
    assert {(row["parent_id"], row["recipient"]) for row in waiting} == {(parent.id, author_of("ada@example.org"))}


async def test_without_a_mail_server_nothing_is_stored(store: Store) -> None:
    rows = NotificationStore(store.database)
    notifications, parent = Notifications(rows, is_enabled=False), a_comment()

    async def publish(session: Session) -> None:
        await notifications.subscribe(parent.id, "ada@example.org", "en", session)
        await notifications.enqueue(a_comment(parent.id), session)

    await store.mongo.transaction(publish)

    assert await rows.subscriptions.collection.find_one({}) is None
    assert await rows.replies.collection.find_one({}) is None
