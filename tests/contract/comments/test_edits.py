"""Writers change and delete their comments with the token of the answer."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from services.comments.model.records import author_of
from services.comments.posting.repeat_store import RepeatStore
from tests.support.comments import COMMENT_FIELDS, CommentsService, written

pytestmark = pytest.mark.asyncio(loop_scope="module")
Answer = tuple[int, dict[str, Any]]


def _token(comment: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Comment {comment['edit_token']}"}


async def _edit(comments: CommentsService, comment: dict[str, Any], body: object, **headers: str) -> Answer:
    sent = {"body": body} if isinstance(body, str) else body
    url = f"/v1/comments/{comment['id']}"
    async with comments.client.patch(url, json=sent, headers=headers or _token(comment)) as answer:
        return answer.status, await answer.json()


async def test_edit_changes_text_and_event_and_is_judged_again(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    comment = await comments.post(article.id, body="Teh lake.")

    status, edited = await _edit(comments, comment, "The <lake>.")
    same = await _edit(comments, comment, "The <lake>.")
    await comments.set_mode("pre")
    held_status, held = await _edit(comments, comment, "The lake, again.")

    assert status == held_status == 200
    assert COMMENT_FIELDS | {"edit_until", "message"} <= set(edited)
    assert "edit_token" not in edited
    assert (edited["body"], edited["body_html"]) == ("The <lake>.", "<p>The &lt;lake&gt;.</p>")
    assert (edited["status"], edited["version"], edited["message"]) == ("published", 2, "")
    assert edited["created_at"] == comment["created_at"]
    assert same == (200, edited), "the same text is no change"
    assert (held["status"], held["version"]) == ("pending", 3)
    assert held["message"]
    assert (await comments.discussion(article.id))["total"] == 0
    records = await comments.topic.until(comment["id"], 3)
    states = [json.loads(record.value or b"") for record in records]
    assert [(state["status"], state["edited_at"] is None) for state in states] == [
        ("published", True), ("published", False), ("pending", False),
    ]  # fmt: skip
    assert [record.header("ce_type") for record in records][2] == "world-monitor.comment.held.v1"


async def test_key_of_an_edit_gives_its_first_answer_again_and_changes_nothing_more(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    comment = await comments.post(article.id)
    key = _token(comment) | {"Idempotency-Key": uuid4().hex}

    first = await _edit(comments, comment, "First.", **key)
    await _edit(comments, comment, "Second.")
    repeated = await _edit(comments, comment, "First.", **key)
    other = await _edit(comments, comment, "Third.", **key)
    of_edit = await comments.client.delete(f"/v1/comments/{comment['id']}", headers=key)

    assert first[0] == 200
    assert repeated == first
    assert other[0] == of_edit.status == 422
    assert (await comments.discussion(article.id))["items"][0]["body"] == "Second."


async def test_edit_that_is_held_takes_the_writers_trust(comments: CommentsService) -> None:
    await comments.set_mode("first-comment")
    article, email = await comments.publish_article(), f"{uuid4().hex}@example.org"
    comment = await comments.post(article.id, email=email)
    await comments.decide(comment["id"], "approve")
    await comments.set_mode("pre")
    await _edit(comments, comment, "Buy here!")
    await comments.set_mode("first-comment")

    later = await comments.post(article.id, email=email)

    assert later["status"] == "pending"


async def test_deleted_comment_loses_its_text_everywhere_and_keeps_its_replies(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article, word, key = await comments.publish_article(), uuid4().hex, {"Idempotency-Key": uuid4().hex}
    sent = written(body=f"A {word}.", name=word)
    url = f"/v1/articles/{article.id}/comments"
    comment = await (await comments.client.post(url, json=sent, headers=key)).json()
    reply = await comments.post(article.id, parent_id=comment["id"])

    answers = [await comments.client.delete(f"/v1/comments/{comment['id']}", headers=_token(comment)) for _ in "12"]

    assert [answer.status for answer in answers] == [204, 204]
    discussion = await comments.discussion(article.id)
    assert (discussion["total"], discussion["items"][0]["replies"][0]["id"]) == (1, reply["id"])
    stored = await comments.store.comments.find(comment["id"])
    assert word not in repr((stored, discussion))
    assert (await comments.client.post(url, json=sent, headers=key)).status == 410
    assert await RepeatStore(comments.store.database).collection.find_one({"comment": comment["id"]}) is None
    assert (await _edit(comments, comment, "Back."))[0] == 410
    again = await comments.post(article.id, body=sent["body"], name=word)
    assert again["id"] != comment["id"], "after the deletion it is a new comment"
    last = (await comments.topic.until(comment["id"], 2))[-1]
    assert last.header("ce_type") == "world-monitor.comment.removed.v1"
    assert word.encode() not in (last.value or b"")


async def test_comment_that_a_moderator_removed_can_be_deleted_and_no_undo_brings_it_back(
    comments: CommentsService,
) -> None:
    await comments.set_mode("post")
    article, word, email = await comments.publish_article(), uuid4().hex, f"{uuid4().hex}@example.org"
    comment = await comments.post(article.id, body=f"A {word}.", email=email)
    moderator = comments.bearer()
    sent = {"ids": [comment["id"]], "action": "remove"}
    made = await (await comments.client.post("/v1/comments/decisions", json=sent, headers=moderator)).json()
    record = await comments.store.authors.record(author_of(email))

    answers = [await comments.client.delete(f"/v1/comments/{comment['id']}", headers=_token(comment)) for _ in "12"]
    undo = await comments.client.post(f"/v1/comments/decisions/{made['decision_id']}/undo", headers=moderator)

    assert [answer.status for answer in answers] == [204, 204]
    stored = await comments.store.comments.find(comment["id"])
    assert stored is not None
    assert (stored.status, stored.version, word in repr(stored)) == ("removed", 3, False)
    assert [conflict["id"] for conflict in (await undo.json())["conflicts"]] == [comment["id"]]
    assert await comments.store.authors.record(author_of(email)) == record, "a removal cannot be deleted from it"


async def test_wrong_token_late_token_and_wrong_text_change_nothing(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    comment, other = await comments.post(article.id), await comments.post(article.id)
    bearers = [{"Authorization": text} for text in (f"Comment {other['edit_token']}", "Comment x", "Bearer x", "")]

    statuses = [(await _edit(comments, comment, "Changed.", **headers))[0] for headers in bearers]
    nobody = await comments.client.patch(f"/v1/comments/{comment['id']}", json={"body": "Changed."})
    unknown, _ = await _edit(comments, comment | {"id": "0" * 26}, "Changed.")
    wrong: list[object] = ["", " \u200b ", "x" * 5001, {"text": "x"}, []]
    problems = [await _edit(comments, comment, body) for body in wrong]
    contacts = comments.store.contacts.collection
    await contacts.update_one({"_id": comment["id"]}, {"$set": {"edit_until": (await _until(comments, comment["id"]))}})
    late, _ = await _edit(comments, comment, "Changed.")
    late_delete = await comments.client.delete(f"/v1/comments/{comment['id']}", headers=_token(comment))

    assert statuses == [401, 401, 401, 401]
    assert nobody.headers["WWW-Authenticate"].startswith("Comment")
    assert (nobody.status, unknown, late, late_delete.status) == (401, 404, 403, 403)
    assert [status for status, _ in problems] == [422] * 5
    assert problems[0][1]["errors"][0]["pointer"] == "/body"
    stored = await comments.store.comments.find(comment["id"])
    assert stored is not None
    assert (stored.body, stored.version) == (comment["body"], 1)


async def _until(comments: CommentsService, comment_id: str) -> object:
    """The comment's own time: its edits are over."""
    contact = await comments.store.contacts.find(comment_id)
    assert contact is not None
    return contact.at


async def test_comment_that_a_moderator_rejected_cannot_be_changed(comments: CommentsService) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()
    comment = await comments.post(article.id)
    await comments.decide(comment["id"], "reject")

    assert (await _edit(comments, comment, "Please?"))[0] == 403


async def test_edits_and_decisions_at_one_moment_leave_one_history(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    comment = await comments.post(article.id)

    statuses = await asyncio.gather(
        *(_edit(comments, comment, f"Text {number}.") for number in range(5)), comments.decide(comment["id"], "remove")
    )

    stored = await comments.store.comments.find(comment["id"])
    records = await comments.topic.until(comment["id"], 0 if stored is None else stored.version)
    assert stored is not None
    assert stored.status == "removed", statuses
    assert [json.loads(record.value or b"")["version"] for record in records] == list(range(1, stored.version + 1))
