"""The state of a discussion over HTTP, picks, and one comment alone."""

import json

import pytest

from shared.ids import new_id
from tests.support.comments import COMMENT_FIELDS, CommentsService, written

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_moderator_closes_and_opens_a_discussion(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    await comments.post(article.id)
    path, moderator = f"/v1/articles/{article.id}/discussion", comments.bearer()

    before = await (await comments.client.get(path)).json()
    closed = await comments.client.put(path, json={"open": False, "mode": "pre"}, headers=moderator)
    after = await (await comments.client.get(path)).json()
    refused = await comments.client.post(f"/v1/articles/{article.id}/comments", json=written())
    readable = await comments.discussion(article.id)
    own = await (await comments.client.get(path, headers=moderator)).json()
    opened = await comments.client.put(path, json={"open": None}, headers=moderator)

    assert before == {"open": True, "total": 1, "closes_at": None}
    assert closed.status == 200
    assert (after["open"], after["total"]) == (False, 1)
    assert after["closes_at"].endswith("Z")
    assert refused.status == 403
    assert readable["total"] == 1
    assert (own["open"], own["set_open"], own["mode"]) == (False, False, "pre")
    assert await opened.json() == {"open": True, "total": 1, "closes_at": None, "mode": "pre", "set_open": None}
    await comments.post(article.id, body="Again.")


async def test_changes_of_a_discussion_need_a_moderator_and_right_fields(comments: CommentsService) -> None:
    article = await comments.publish_article()
    path = f"/v1/articles/{article.id}/discussion"

    assert (await comments.client.get(path)).status == 200
    assert (await comments.client.put(path, json={"open": False})).status == 401
    assert (await comments.client.get(path, headers={"Authorization": "Bearer x"})).status == 401
    ended = await comments.client.get(path, headers={"Cookie": "wm_session=ended"})
    assert (ended.status, set(await ended.json())) == (200, {"open", "total", "closes_at"})
    for body in ({"open": "no"}, {"mode": "never"}, {"closed": True}):
        wrong = await comments.client.put(path, json=body, headers=comments.bearer())
        assert wrong.status == 422
        assert [error["pointer"] for error in (await wrong.json())["errors"]] == [f"/{next(iter(body))}"]
    unknown = f"/v1/articles/{new_id()}/discussion"
    assert (await comments.client.get(unknown)).status == 404
    assert (await comments.client.put(unknown, json={}, headers=comments.bearer())).status == 404
    assert (await comments.client.get(f"{path}?x=1")).status == 422


async def test_pick_is_a_version_that_readers_see(comments: CommentsService) -> None:
    await comments.set_mode("post")
    # An author of its own: a removal counts in the record.
    comment = await comments.post((await comments.publish_article()).id, email=f"{new_id()}@example.org")
    path, moderator = f"/v1/comments/{comment['id']}/pick", comments.bearer()

    picked = await comments.client.put(path, json={"picked": True}, headers=moderator)
    again = await comments.client.put(path, json={"picked": True}, headers=moderator)
    [shown] = (await comments.discussion(comment["article_id"]))["items"]
    records = await comments.topic.until(comment["id"], 2)

    assert (picked.status, picked.headers["ETag"], again.headers["ETag"]) == (200, '"2"', '"2"')
    assert (await picked.json())["picked"] is True
    assert (shown["picked"], shown["version"]) == (True, 2)
    assert json.loads(records[-1].value or b"")["picked"] is True
    assert (await comments.client.put(path, json={"picked": True})).status == 401
    assert (await comments.client.put(path, json={"picked": 1}, headers=moderator)).status == 422
    missing = f"/v1/comments/{new_id()}/pick"
    assert (await comments.client.put(missing, json={"picked": True}, headers=moderator)).status == 404
    await comments.decide(comment["id"], "remove")
    assert (await comments.client.put(path, json={"picked": False}, headers=moderator)).status == 409


async def test_one_comment_has_an_address_for_any_page(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    comment = await comments.post(article.id)

    shown = await (await comments.client.get(f"/v1/comments/{comment['id']}")).json()

    assert set(shown) == COMMENT_FIELDS | {"url"}
    assert shown["url"] == f"{article.url}?comment={comment['id']}#comment-{comment['id']}"
    assert (await comments.client.get("/v1/comments/settings", headers=comments.bearer())).status == 200
