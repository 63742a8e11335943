"""The moderators' queues over HTTP: membership, orders, search, counts, items, one comment, an author's history."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.comments.model.records import Comment, author_of
from services.comments.model.rules import Sort
from services.comments.model.store import Store
from services.comments.moderation.queues import Queues
from shared.ids import new_id
from shared.mongo.collections import Session
from shared.times import now
from tests.support.comments import CommentsService, id_of
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _get(comments: CommentsService, path: str) -> dict[str, Any]:
    response = await comments.client.get(f"/v1/comments{path}", headers=comments.bearer())
    answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return answer


async def _ids(comments: CommentsService, query: str) -> list[str]:
    """All comments of a queue, in pages of two."""
    found: list[str] = []
    cursor = ""
    while True:
        page = await _get(comments, f"?{query}&limit=2{cursor}")
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def _posted(comments: CommentsService, *bodies: str, mode: str = "pre", **fields: Any) -> list[str]:
    await comments.set_mode(mode)
    article = await comments.publish_article()
    return [str((await comments.post(article.id, body=body, **fields))["id"]) for body in bodies]


async def _decide(comments: CommentsService, ids: list[str], action: str) -> str:
    sent = {"ids": ids, "action": action}
    response = await comments.client.post("/v1/comments/decisions", json=sent, headers=comments.bearer())
    answer = await response.json()
    assert (response.status, answer["changed"]) == (200, len(ids)), answer
    return str(answer["decision_id"])


async def _report(comments: CommentsService, comment_id: str, reason: str, browser: str) -> None:
    sent = {"reason": reason, "note": f"note of {browser}"}
    response = await comments.client.post(
        f"/v1/comments/{comment_id}/report", json=sent, headers={"User-Agent": browser}
    )
    assert response.status == 202, await response.text()


async def test_each_comment_is_in_the_queues_of_its_state_by_age(comments: CommentsService) -> None:
    word = uuid4().hex
    ids = await _posted(comments, *(f"{word} {number}" for number in range(9)))
    await _decide(comments, ids[2:4], "approve")
    await _decide(comments, ids[4:6], "reject")
    await _decide(comments, ids[6:8], "spam")
    await _decide(comments, ids[8:], "remove")
    for comment_id in ids[2:4]:
        await _report(comments, comment_id, "spam", "browser 1")
    mine = frozenset(ids)

    found = {
        queue: [one for one in await _ids(comments, f"queue={queue}") if one in mine]
        for queue in ("pending", "reported", "approved", "rejected", "spam")
    }

    assert found == {
        "pending": ids[0:2],
        "reported": ids[2:4],
        "approved": ids[3:1:-1],
        "rejected": ids[5:3:-1],
        "spam": ids[7:5:-1],
    }
    for queue, expected in found.items():
        assert await _ids(comments, f"queue={queue}&q={word}") == expected
        assert await _ids(comments, f"queue={queue}&q={word}&sort=newest") == sorted(expected, reverse=True)
        assert await _ids(comments, f"queue={queue}&q={word}&sort=oldest") == sorted(expected)


async def test_search_finds_words_in_text_and_name_and_an_exact_address(comments: CommentsService) -> None:
    name, email = f"Zoë {uuid4().hex[:8]}", f"{uuid4().hex}@example.org"
    first, second = await _posted(comments, "Straße am Hafen", "Another street", name=name, email=email)

    async def found(query: str) -> list[str]:
        page = await _get(comments, "?queue=pending&limit=100&q=" + query.replace("+", "%2B").replace("&", "%26"))
        return [item["id"] for item in page["items"] if item["id"] in (first, second)]

    assert await found(f"{name.upper()} STRASSE") == [first]
    assert await found(f"hafen street {name}") == []
    assert await found(email.upper()) == [first, second]
    assert await found(email[1:]) == []
    assert first in await found("")
    assert await found("@") == []


async def test_item_has_reasons_reports_author_story_parent_and_last_decision(comments: CommentsService) -> None:
    email = f"{uuid4().hex}@example.org"
    await comments.set_mode("post")
    article = await comments.publish_article()
    parent = await comments.post(article.id, body="p" * 600, name="Parent", email=email)
    reply = await comments.post(article.id, parent_id=parent["id"], body="A reply", email=email)
    rejected = await comments.post(article.id, body="Nonsense", email=email)
    await _decide(comments, [rejected["id"]], "remove")
    await _report(comments, reply["id"], "abuse", "browser 1")
    await _report(comments, reply["id"], "spam", "browser 2")
    await _report(comments, reply["id"], "spam", "browser 3")

    shown = await _get(comments, f"/{reply['id']}")
    (listed,) = [
        item for item in (await _get(comments, "?queue=reported&limit=100"))["items"] if item["id"] == reply["id"]
    ]

    assert {name: shown[name] for name in listed} == listed
    assert (shown["reports"], shown["reported"]) == (3, {"abuse": 1, "spam": 2})
    assert sorted(shown["notes"]) == ["note of browser 1", "note of browser 2", "note of browser 3"]
    assert shown["author"] == {
        "id": author_of(email), "published": 2, "rejected": 0, "removed": 1, "verified": False,
        "banned_until": None, "muted_until": None,
    }  # fmt: skip
    assert shown["article"] == {"headline": article.headline, "url": article.url}
    assert (shown["parent"]["id"], shown["parent"]["name"], len(shown["parent"]["body"])) == (
        parent["id"],
        "Parent",
        500,
    )
    assert (shown["decided"], shown["spam"], shown["reasons"]) == (None, False, [])
    assert email not in str(shown)


async def test_approval_dismisses_reports_and_undo_brings_them_back(comments: CommentsService) -> None:
    (comment_id,) = await _posted(comments, "Reported", mode="post")
    await _report(comments, comment_id, "abuse", "browser 1")

    decision_id = await _decide(comments, [comment_id], "approve")
    dismissed = await _get(comments, f"/{comment_id}")
    assert comment_id not in await _ids(comments, "queue=reported")
    await comments.client.post(f"/v1/comments/decisions/{decision_id}/undo", headers=comments.bearer())
    restored = await _get(comments, f"/{comment_id}")

    assert (dismissed["reports"], dismissed["reported"]) == (0, {})
    assert dismissed["decided"]["by"] == "the moderator"
    assert (restored["reports"], restored["reported"]) == (1, {"abuse": 1})
    assert comment_id in await _ids(comments, "queue=reported")


async def test_counts_follow_posts_decisions_and_reports(comments: CommentsService) -> None:
    (shown,) = await _posted(comments, "Shown", mode="post")
    before = await _get(comments, "/counts")

    async def is_newer(than: Mapping[str, Any]) -> bool:
        return bool((await _get(comments, "/counts"))["version"] > than["version"])

    (first, second) = await _posted(comments, "One", "Two")
    await _report(comments, shown, "other", "browser 1")
    between = await _get(comments, "/counts")
    # Changes are noted after the answer.
    await eventually(lambda: is_newer(before), what="the version of the queues rises with comments and reports")
    await _decide(comments, [second], "reject")
    after = await _get(comments, "/counts")

    assert (between["pending"] - before["pending"], between["reported"] - before["reported"]) == (2, 1)
    assert between["newest"]["pending"] == second
    assert (after["pending"], after["newest"]["pending"]) == (between["pending"] - 1, first)
    assert before["version"] <= between["version"] <= after["version"]
    await eventually(lambda: is_newer(between), what="the version of the queues rises with a decision")


async def test_reader_sees_a_published_comment_and_a_moderator_any(comments: CommentsService) -> None:
    (shown,) = await _posted(comments, "Shown", mode="post")
    (held,) = await _posted(comments, "Held")

    async def status(comment_id: str, headers: Mapping[str, str]) -> tuple[int, bool]:
        response = await comments.client.get(f"/v1/comments/{comment_id}", headers=headers)
        return response.status, "reasons" in await response.text()

    ended = {"Cookie": "wm_session=ended"}
    assert [await status(shown, headers) for headers in ({}, comments.bearer("reporter"), ended, comments.bearer())] == [
        (200, False), (200, False), (200, False), (200, True),
    ]  # fmt: skip
    assert await status(held, {}) == (404, False)
    assert await status(held, comments.bearer()) == (200, True)
    assert (await status(new_id(), comments.bearer()))[0] == 404
    assert (await status(shown, {"Authorization": "Bearer wm_nobody"}))[0] == 401


async def test_history_has_the_authors_last_fifty_comments(comments: CommentsService) -> None:
    email = f"{uuid4().hex}@example.org"
    ids = await _posted(comments, *(f"{number} {email[:9]}" for number in range(51)), mode="post", email=email)
    await _posted(comments, "Of another")

    history = await _get(comments, f"/{ids[0]}/author")

    assert [item["id"] for item in history["items"]] == ids[:0:-1]
    assert history["author"]["published"] == 51
    assert history["bans"] == []
    response = await comments.client.get(f"/v1/comments/{new_id()}/author", headers=comments.bearer())
    assert response.status == 404


async def test_changes_reach_the_queues_of_another_instance(comments: CommentsService) -> None:
    other = await _other_instance(comments)
    before = await other.counts()
    (comment_id,) = await _posted(comments, "Seen elsewhere")

    async def is_there() -> bool:
        return comment_id in (await other.page("pending", "newest", None, 5)).ids

    await eventually(is_there, within_s=2, what="the other instance has the new comment")
    assert (await other.counts()).pending == before.pending + 1
    await _decide(comments, [comment_id], "reject")

    async def is_gone() -> bool:
        return comment_id in (await other.page("rejected", "newest", None, 5)).ids

    await eventually(is_gone, within_s=2, what="the other instance has the decision")
    assert (await other.counts()).pending == before.pending


async def _other_instance(comments: CommentsService) -> Queues:
    store = Store(comments.store.mongo, starts_as="pre", database=comments.store.database.name)
    return Queues(store)


async def test_new_process_makes_others_read_changes_without_a_note(comments: CommentsService) -> None:
    (comment_id,) = await _posted(comments, "Held")
    other = await _other_instance(comments)

    async def are_told() -> bool:
        return not comments.store.queues.unsent

    await eventually(are_told, what="all instances know the new comment")
    assert comment_id in (await other.page("pending", "newest", None, 5)).ids
    found = await comments.store.comments.find(comment_id)
    assert found is not None

    async def reject(session: Session) -> None:
        await comments.store.comments.replace(replace(found, status="rejected"), session)

    await comments.store.mongo.transaction(reject)  # as a process that is killed before its note
    assert comment_id in (await other.page("pending", "newest", None, 5)).ids
    await comments.store.queues.prepare()  # the start of the next process

    assert comment_id not in (await other.page("pending", "newest", None, 5)).ids


async def test_posts_do_not_wait_for_a_list_of_a_moderator(comments: CommentsService) -> None:
    await _posted(comments, "Held")
    queues = await _other_instance(comments)
    number = await queues.count_pending()

    async with queues._reading, asyncio.timeout(10):
        assert await queues.count_pending() == number > 0


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("queue=removed", "?queue"),
        ("queue=", "?queue"),
        ("queue=pending&status=pending", "?status"),
        ("q=word", "?q"),
        (f"queue=pending&q={'x' * 201}", "?q"),
        ("queue=pending&q=%00", "?q"),
        ("queue=pending&sort=best", "?sort"),
        ("queue=pending&limit=101", "?limit"),
        ("queue=pending&queue=spam", "?queue"),
    ],
)
async def test_wrong_query_of_a_queue_is_named(comments: CommentsService, query: str, pointer: str) -> None:
    response = await comments.client.get(f"/v1/comments?{query}", headers=comments.bearer())

    assert response.status == 422
    assert [error["pointer"] for error in (await response.json())["errors"]] == [pointer]


async def test_comments_of_many_days_are_paged_in_both_orders(comments: CommentsService, mongo_database: str) -> None:
    store = Store(comments.store.mongo, starts_as="post", database=mongo_database)
    await store.prepare()
    days = (3000, 400, 31, 30, 7, 2, 2, 1, 0, 0)
    ids = [id_of(now() - timedelta(days=age, minutes=number)) for number, age in enumerate(days)]

    async def add(session: Session) -> None:
        await store.comments.add_all([_published(comment_id) for comment_id in ids], session)

    await store.mongo.transaction(add)

    assert await _all_of(Queues(store), "newest") == sorted(ids, reverse=True)
    assert await _all_of(Queues(store), "oldest") == sorted(ids)


def _published(comment_id: str) -> Comment:
    return Comment(comment_id, 1, "a", None, comment_id, "Ada", None, "Yes.", "<p>Yes.</p>", "published", now())


async def _all_of(queues: Queues, sort: Sort) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await queues.page("approved", sort, cursor, 2)
        assert page.ids == (await queues.search("approved", sort, cursor, 2, ["yes"])).ids
        found += page.ids
        cursor = page.cursor
        if cursor is None:
            return found
