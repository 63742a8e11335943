"""Threads of a discussion: replies, pages, counts."""

import json

import pytest

from shared.ids import new_id
from tests.support.comments import COMMENT_FIELDS, CommentsService, written

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_replies_are_nested_and_counted(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()

    top = await comments.post(article.id, body="top")
    other = await comments.post(article.id, body="other")
    reply = await comments.post(article.id, body="reply", parent_id=top["id"])
    deeper = await comments.post(article.id, body="deeper", parent_id=reply["id"])
    discussion = await comments.discussion(article.id)

    assert discussion["total"] == 4
    assert discussion["next_cursor"] is None
    assert [item["id"] for item in discussion["items"]] == [top["id"], other["id"]]
    first = discussion["items"][0]
    assert set(first) == COMMENT_FIELDS | {"replies"}
    assert first["replies"][0]["id"] == reply["id"]
    assert first["replies"][0]["parent_id"] == top["id"]
    assert first["replies"][0]["replies"][0]["id"] == deeper["id"]
    record = await comments.next_event(deeper["id"])
    assert json.loads(record.value or b"")["root_id"] == top["id"]


async def test_top_comments_are_paged_in_both_orders(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    ids = [(await comments.post(article.id, body=str(number)))["id"] for number in range(5)]

    async def walk(sort: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = await comments.discussion(article.id, f"?sort={sort}&limit=2{cursor}")
            assert page["total"] == 5
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert await walk("oldest") == ids
    assert await walk("newest") == ids[::-1]


async def test_pending_comment_is_not_listed(comments: CommentsService) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()

    await comments.post(article.id)

    assert await comments.discussion(article.id) == {"items": [], "next_cursor": None, "total": 0}


async def test_unknown_or_foreign_parent_is_refused(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article, another = await comments.publish_article(), await comments.publish_article()
    elsewhere = await comments.post(another.id)

    for parent in (new_id(), elsewhere["id"]):
        response = await comments.client.post(f"/v1/articles/{article.id}/comments", json=written(parent_id=parent))
        assert response.status == 422
        assert [error["pointer"] for error in (await response.json())["errors"]] == ["/parent_id"]
    assert (await comments.discussion(article.id))["total"] == 0
