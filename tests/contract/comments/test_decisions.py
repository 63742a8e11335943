"""Decisions about several comments, conflicts between moderators, undo, and the audit, over HTTP."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from services.comments.model.records import author_of
from shared.ids import new_id
from tests.support.comments import CommentsService

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _send(
    comments: CommentsService, path: str, body: object = None, role: str = "moderator", **headers: str
) -> dict[str, Any]:
    response = await comments.client.post(path, json=body, headers={**comments.bearer(role), **headers})
    answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return answer


async def _decide(comments: CommentsService, ids: list[str], action: str, **more: Any) -> dict[str, Any]:
    return await _send(comments, "/v1/comments/decisions", {"ids": ids, "action": action, **more})


async def _undo(comments: CommentsService, decision_id: str, role: str = "moderator") -> dict[str, Any]:
    return await _send(comments, f"/v1/comments/decisions/{decision_id}/undo", role=role)


async def _audit(comments: CommentsService, query: str = "?limit=5") -> dict[str, Any]:
    response = await comments.client.get(f"/v1/comments/decisions{query}", headers=comments.bearer())
    answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return answer


async def _posted(comments: CommentsService, count: int, mode: str = "pre", **fields: Any) -> tuple[str, list[str]]:
    await comments.set_mode(mode)
    article = await comments.publish_article()
    posted = [await comments.post(article.id, body=f"Comment {uuid4().hex}", **fields) for _ in range(count)]
    return article.id, [str(comment["id"]) for comment in posted]


async def _statuses(comments: CommentsService, ids: list[str]) -> list[str]:
    found = await comments.store.comments.by_ids(ids)
    return [found[comment_id].status for comment_id in ids]


async def test_one_decision_changes_many_and_its_undo_brings_them_back(comments: CommentsService) -> None:
    article_id, ids = await _posted(comments, 3)
    unknown = new_id()

    made = await _decide(comments, [*ids, ids[0], unknown], "spam", reason="a shop")
    stored = await comments.store.comments.by_ids(ids)
    undone = await _undo(comments, made["decision_id"], "editor")
    again = await _undo(comments, made["decision_id"])

    assert made["changed"] == 3
    assert made["conflicts"] == [{"id": unknown, "status": None, "version": None, "by": None, "at": None}]
    assert {(comment.status, comment.spam) for comment in stored.values()} == {("rejected", True)}
    assert (undone["changed"], undone["conflicts"]) == (3, [])
    assert await _statuses(comments, ids) == ["pending"] * 3
    assert (again["decision_id"], again["changed"]) == (None, 0)
    assert [conflict["by"] for conflict in again["conflicts"]] == ["the editor"] * 3
    audit = (await _audit(comments))["items"]
    assert [(entry["action"], entry["ids"], entry["reason"], entry["by"]) for entry in audit[:2]] == [
        ("undo", ids, "", "the editor"),
        ("spam", ids, "a shop", "the moderator"),
    ]
    assert (audit[0]["undoes"], audit[1]["undone_by"]) == (made["decision_id"], undone["decision_id"])
    records = await comments.topic.until(ids[0], 3)
    assert [json.loads(record.value or b"")["status"] for record in records] == ["pending", "rejected", "pending"]
    assert (await comments.discussion(article_id))["total"] == 0


async def test_undo_of_a_removal_brings_the_text_back_to_readers(comments: CommentsService) -> None:
    article_id, ids = await _posted(comments, 2, mode="post")
    shown = (await comments.discussion(article_id))["items"]

    made = await _decide(comments, ids, "remove")
    removed = await comments.discussion(article_id)
    await _undo(comments, made["decision_id"])
    restored = (await comments.discussion(article_id))["items"]

    assert removed["total"] == 0
    assert [item["body"] for item in restored] == [item["body"] for item in shown]


async def test_two_moderators_at_once_decide_each_comment_once(comments: CommentsService) -> None:
    _, ids = await _posted(comments, 6)
    seen = dict.fromkeys(ids, 1)
    namesake = {"Authorization": comments.bearer("editor")["Authorization"]}

    approved, rejected = await asyncio.gather(
        _send(comments, "/v1/comments/decisions", {"ids": ids, "action": "approve", "versions": seen}),
        _send(comments, "/v1/comments/decisions", {"ids": ids, "action": "reject", "versions": seen}, **namesake),
    )

    stored = await comments.store.comments.by_ids(ids)
    assert approved["changed"] + rejected["changed"] == 6
    assert len(approved["conflicts"]) + len(rejected["conflicts"]) == 6
    assert {comment.version for comment in stored.values()} == {2}
    loser = rejected if approved["changed"] else approved
    winner = "the moderator" if approved["changed"] else "the editor"
    assert {(conflict["by"], conflict["version"]) for conflict in loser["conflicts"]} == {(winner, 2)}


async def test_undo_leaves_what_another_moderator_has_decided_since(comments: CommentsService) -> None:
    _, (first, second) = await _posted(comments, 2)
    made = await _decide(comments, [first, second], "approve")
    await comments.decide(first, "remove", "editor")

    undone = await _undo(comments, made["decision_id"])

    assert undone["changed"] == 1
    assert [(conflict["id"], conflict["by"]) for conflict in undone["conflicts"]] == [(first, "the editor")]
    assert await _statuses(comments, [first, second]) == ["removed", "pending"]


async def test_decision_follows_the_authors_record_and_undo_takes_it_back(comments: CommentsService) -> None:
    email = f"{uuid4().hex}@example.org"
    _, ids = await _posted(comments, 2, email=email)
    store, author = comments.store.authors, author_of(email)
    before = await store.record(author)

    made = await _decide(comments, ids, "reject")
    between = await store.record(author)
    await _undo(comments, made["decision_id"])

    assert (between.rejected - before.rejected, between.recent_rejected - before.recent_rejected) == (2, 2)
    assert await store.record(author) == before


async def test_undo_leaves_a_rejection_by_a_phase_out_of_the_recent_outcomes(comments: CommentsService) -> None:
    email = f"{uuid4().hex}@example.org"
    _, ids = await _posted(comments, 1, email=email, contact_me="a trap")
    assert await _statuses(comments, ids) == ["rejected"]
    store, author = comments.store.authors, author_of(email)
    before = await store.record(author)

    made = await _decide(comments, ids, "approve")
    await _undo(comments, made["decision_id"])

    assert (before.rejected, before.recent) == (1, 0)
    assert await store.record(author) == before


async def test_decision_of_one_comment_can_be_undone_too(comments: CommentsService) -> None:
    _, (comment_id,) = await _posted(comments, 1)
    await comments.decide(comment_id, "approve")
    entry = (await _audit(comments, "?limit=1"))["items"][0]

    undone = await _undo(comments, entry["decision_id"])
    again = await _undo(comments, undone["decision_id"])

    assert (entry["ids"], entry["action"]) == ([comment_id], "approve")
    assert again["changed"] == 1
    assert await _statuses(comments, [comment_id]) == ["published"]


async def test_repeated_decision_with_a_key_gets_the_first_answer(comments: CommentsService) -> None:
    _, ids = await _posted(comments, 1)
    key, body = {"Idempotency-Key": uuid4().hex}, {"ids": ids, "action": "approve"}

    first = await _send(comments, "/v1/comments/decisions", body, **key)
    second = await _send(comments, "/v1/comments/decisions", body, **key)

    assert first == second
    assert first["changed"] == 1


async def test_audit_is_paged_without_gaps(comments: CommentsService) -> None:
    _, ids = await _posted(comments, 3)
    for comment_id in ids:
        await comments.decide(comment_id, "approve")

    found: list[str] = []
    query = "?limit=2"
    while len(found) < 3:
        page = await _audit(comments, query)
        found += [entry["ids"][0] for entry in page["items"]]
        query = f"?limit=2&cursor={page['next_cursor']}"

    assert found[:3] == ids[::-1]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"ids": []}, "/ids"),
        ({"ids": ["x"] * 101}, "/ids"),
        ({"ids": "x"}, "/ids"),
        ({"ids": [""]}, "/ids/0"),
        ({"ids": [7]}, "/ids/0"),
        ({"action": "undo"}, "/action"),
        ({"action": None}, "/action"),
        ({"reason": "r" * 501}, "/reason"),
        ({"reason": "two\nlines\x00"}, "/reason"),
        ({"reason": 7}, "/reason"),
        ({"versions": {"x": 0}}, "/versions/x"),
        ({"versions": {"x": "1"}}, "/versions/x"),
        ({"versions": {"x": True}}, "/versions/x"),
        ({"versions": [1]}, "/versions"),
        ({"by": "me"}, "/by"),
    ],
)
async def test_wrong_field_of_a_decision_is_named_and_nothing_changes(
    comments: CommentsService, change: dict[str, Any], pointer: str
) -> None:
    body = {"ids": [new_id()], "action": "approve"} | change

    response = await comments.client.post("/v1/comments/decisions", json=body, headers=comments.bearer())

    assert response.status == 422
    assert pointer in [error["pointer"] for error in (await response.json())["errors"]]


async def test_undo_of_an_unknown_decision_is_404(comments: CommentsService) -> None:
    path = f"/v1/comments/decisions/{new_id()}/undo"

    assert (await comments.client.post(path, headers=comments.bearer())).status == 404
    assert (await comments.client.post(path, json={"x": 1}, headers=comments.bearer())).status == 422
