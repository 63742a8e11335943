"""Posting: the facts that reach the pipeline, and the answer to the writer."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.comments.model.records import author_of
from shared.times import now, rfc3339
from tests.support.comments import CommentsService, written

pytestmark = pytest.mark.asyncio(loop_scope="module")
LONG = "A text that is long enough to count when it is written under two stories."


async def _send(comments: CommentsService, article_id: str, **changes: object) -> tuple[int, dict[str, Any]]:
    sent = written(**changes)
    async with comments.client.post(f"/v1/articles/{article_id}/comments", json=sent) as answer:
        return answer.status, await answer.json()


async def _ban(comments: CommentsService, **fields: object) -> str:
    sent = {"reason": "test", "until": rfc3339(now() + timedelta(hours=1)), **fields}
    async with comments.client.post("/v1/comments/bans", json=sent, headers=comments.bearer()) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["id"])


async def test_trap_rejects_and_the_writer_is_told(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()

    comment = await comments.post(article.id, contact_me="http://spam.example", seconds=0.1)

    assert comment["status"] == "rejected"
    assert "hidden field" in comment["message"]
    stored = await comments.store.comments.find(comment["id"])
    assert stored is not None
    assert (stored.spam, [reason.phase for reason in stored.reasons]) == (True, ["trap"])
    assert (await comments.discussion(article.id))["total"] == 0
    record = await comments.next_event(comment["id"])
    assert record.header("ce_type") == "world-monitor.comment.rejected.v1"
    assert comment["body"].encode() not in (record.value or b"")


async def test_facts_of_a_comment_reach_the_phases(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article, elsewhere = await comments.publish_article(), await comments.publish_article()
    email = f"{uuid4().hex}@example.org"

    first = await comments.post(article.id, email=email, body=LONG)
    copy = await comments.post(elsewhere.id, email=email, body=LONG.upper())
    fast = await comments.post(article.id, body=f"See https://a.example {uuid4()}", seconds=0.5)
    await comments.client.put(
        f"/v1/articles/{article.id}/discussion", json={"mode": "pre"}, headers=comments.bearer("moderator")
    )
    by_story = await comments.post(article.id)
    await comments.set_mode("post")
    held = [(await comments.store.comments.find(item["id"])) for item in (copy, fast, by_story)]

    assert first["status"] == "published"
    assert [item.reasons[0].phase for item in held if item is not None] == ["repeat", "too-fast", "mode"]
    assert all(item["message"] for item in (copy, fast, by_story))
    record = await comments.store.authors.record(author_of(email))
    assert (record.published, record.rejected) == (1, 0)


async def test_ban_refuses_with_its_end_and_mute_holds(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    banned, muted = f"{uuid4().hex}@example.org", f"{uuid4().hex}@example.org"
    editable = await comments.post(article.id, email=banned)
    ids = [await _ban(comments, email=banned), await _ban(comments, email=muted, kind="mute")]

    refused_status, refused = await _send(comments, article.id, email=banned)
    edit = await comments.client.patch(
        f"/v1/comments/{editable['id']}",
        json={"body": "More."},
        headers={"Authorization": f"Comment {editable['edit_token']}"},
    )
    held = await comments.post(article.id, email=muted)
    for ban_id in ids:
        await comments.client.delete(f"/v1/comments/bans/{ban_id}", headers=comments.bearer())
    after = await comments.post(article.id, email=banned)

    assert (refused_status, edit.status) == (403, 403)
    assert refused["detail"].startswith("You cannot comment here until 2")
    assert (held["status"], after["status"]) == ("pending", "published")


@pytest.mark.parametrize(
    ("field", "value"), [("notify", "perhaps"), ("seconds", -1), ("seconds", "soon"), ("contact_me", 5), ("trap", "x")]
)
async def test_wrong_new_field_is_named_and_nothing_is_stored(
    comments: CommentsService, field: str, value: object
) -> None:
    article = await comments.publish_article()

    status, problem = await _send(comments, article.id, **{field: value})

    assert (status, problem["errors"][0]["pointer"]) == (422, f"/{field}")


async def test_form_has_the_new_fields_too(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    form = written(notify="1", seconds="12.5", contact_me="")

    answer = await comments.client.post(f"/v1/articles/{article.id}/comments", data=form, allow_redirects=False)
    contact = await comments.store.contacts.find(answer.headers["Location"].rpartition("-")[2])

    assert contact is not None
    assert contact.notify
    assert contact.network == "127.0.0.0/24"
    assert (contact.author, contact.edit_until) == (author_of("ada@example.org"), contact.at + timedelta(minutes=5))
