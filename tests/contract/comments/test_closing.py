"""Discussions close by hand, by age and with the site; each change of a state is one event, which a republication repeats."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.comments.model.records import ArticleCopy, ModerationRule
from services.comments.model.store import Store
from services.comments.reading import closing as closing_room
from services.comments.reading.closing import Closing
from services.comments.reading.relayed import RelayedStates
from shared.events import DiscussionChanged
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.times import now
from tests.support.comments import CommentsService

DAY = timedelta(days=1)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    store = Store(Mongo(mongo_url), starts_as="post", database=mongo_database)
    await store.prepare()
    yield store
    store.mongo.close()


async def publish(store: Store, published_at: datetime) -> str:
    """Store the copy of an article; returns its id."""
    article_id = new_id()
    await store.articles.keep(
        ArticleCopy(article_id, 1, f"/world/{article_id}", "published", True, "world", "The lake", "en", published_at)
    )
    return article_id


async def set_limit(store: Store, days: int | None, *, votes: bool = True) -> None:
    """Set the age limit of all discussions, and whether readers vote."""

    async def work(session: Session) -> None:
        before = await store.rules.current(session)
        await store.rules.put(
            ModerationRule("post", before.version + 1, close_after_days=days, votes=votes), "the editor", session
        )

    await store.mongo.transaction(work)


async def sent(store: Store) -> dict[str, list[tuple[int, bool]]]:
    """The version and openness of the events in the outbox, by article."""
    found: dict[str, list[tuple[int, bool]]] = {}
    for row in await store.outbox.pending():
        event = json.loads(row["value"])
        found.setdefault(event["article_id"], []).append((event["version"], event["open"]))
    return found


async def test_each_discussion_closes_at_its_age_and_is_sent_once(store: Store) -> None:
    clock = Clock()
    closing = Closing(store, clock)
    old, young = await publish(store, clock.now - 6 * DAY), await publish(store, clock.now - 2 * DAY)
    await closing.turn()
    await set_limit(store, 5)

    await closing.turn()
    first = await sent(store)
    clock.now += 3 * DAY - timedelta(seconds=1)
    await closing.turn()
    before = await sent(store)
    clock.now += timedelta(seconds=2)
    await closing.turn()
    await closing.turn()
    late = await publish(store, clock.now - 90 * DAY)
    await Closing(store, clock).turn()

    assert first == before == {old: [(1, False)]}
    assert await sent(store) == {one: [(1, False)] for one in (old, young, late)}


async def test_new_age_limit_of_many_articles_is_sent_turn_by_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing_room, "_MOST_OF_A_TURN", 3)
    monkeypatch.setattr(closing_room, "_MOST_AT_ONCE", 2)
    clock = Clock()
    ids = {await publish(store, clock.now - 6 * DAY) for _ in range(7)}
    await Closing(store, clock).turn()
    for _ in range(3):
        await Closing(store, clock).turn()
    await set_limit(store, 0)
    closing = Closing(store, clock)

    await closing.turn()
    first = await sent(store)
    # Another instance takes over, and begins anew.
    closing = Closing(store, clock)
    for _ in range(3):
        await closing.turn()
    closed = await sent(store)
    await set_limit(store, None)
    for _ in range(4):
        await closing.turn()

    assert len(first) == 3
    assert closed == {one: [(1, False)] for one in ids}
    assert await sent(store) == {one: [(1, False), (2, True)] for one in ids}


async def test_end_of_votes_is_sent_for_all_articles_also_new_ones_and_taken_back(store: Store) -> None:
    clock, relayed = Clock(), RelayedStates(store)
    ids = [await publish(store, clock.now - 6 * DAY)]
    await Closing(store, clock).turn()

    async def votes() -> list[bool]:
        found = await relayed.latest_events([f"discussion:{one}" for one in ids])
        return [event.votes for event in found if isinstance(event, DiscussionChanged)]

    await set_limit(store, None, votes=False)
    for _ in range(2):
        await Closing(store, clock).turn()
        ids.append(await publish(store, clock.now))
    await Closing(store, clock).turn()
    ended, first = await votes(), await sent(store)
    await set_limit(store, None)
    for _ in range(2):
        await Closing(store, clock).turn()

    assert ended == [False, False, False]
    assert first == {one: [(1, True)] for one in ids}
    assert await votes() == [True, True, True]
    assert await sent(store) == {one: [(1, True), (2, True)] for one in ids}


async def test_republication_has_the_states_behind_the_comments(store: Store) -> None:
    clock, relayed = Clock(), RelayedStates(store)
    ids = sorted([await publish(store, clock.now - 6 * DAY) for _ in range(3)])
    await set_limit(store, 5)
    await Closing(store, clock).turn()

    everything = [event async for chunk in relayed.events_after(None) for event in chunk]
    rest = [event async for chunk in relayed.events_after(f"discussion:{ids[0]}") for event in chunk]
    latest = await relayed.latest_events([f"discussion:{ids[2]}", new_id()])

    assert [event.id for event in everything] == [f"discussion:{one}" for one in ids]
    assert [event.id for event in rest] == [f"discussion:{one}" for one in ids[1:]]
    assert [event.id for event in latest] == [f"discussion:{ids[2]}"]
    assert isinstance(latest[0], DiscussionChanged)
    assert (latest[0].open, latest[0].version) == (False, 1)


async def test_copy_from_before_publication_times_gets_one_from_a_republication(store: Store) -> None:
    article_id = await publish(store, now())
    await store.database["articles"].update_one({"_id": article_id}, {"$unset": {"published_at": ""}})
    found = await store.articles.find(article_id)
    assert found is not None
    assert found.published_at is None

    kept = ArticleCopy(
        article_id, 1, found.url, "published", True, "world", "The lake", "en", datetime(2026, 5, 1, tzinfo=UTC)
    )
    await store.articles.keep(kept)

    assert await store.articles.find(article_id) == kept


@pytest.mark.asyncio(loop_scope="module")
async def test_closing_by_hand_reaches_the_topic_and_the_audit(comments: CommentsService) -> None:
    article = await comments.publish_article()
    path, moderator = f"/v1/articles/{article.id}/discussion", comments.bearer()

    for body in ({"open": False}, {"open": False}, {"mode": "pre"}, {"open": None}):
        assert (await comments.client.put(path, json=body, headers=moderator)).status in (200, 404)
    records = await comments.topic.until(f"discussion:{article.id}", 2)
    listed = await (await comments.client.get("/v1/comments/decisions?limit=9", headers=moderator)).json()

    states = [json.loads(record.value or b"") for record in records]
    assert [(state["version"], state["open"]) for state in states] == [(1, False), (2, True)]
    assert states[0]["closes_at"] is not None
    details = [item["detail"] for item in listed["items"] if item["detail"].get("article") == article.id]
    assert [(detail["discussion"], detail["mode"]) for detail in details] == [
        ("site", "pre"), ("closed", "pre"), ("closed", "site"),
    ]  # fmt: skip
