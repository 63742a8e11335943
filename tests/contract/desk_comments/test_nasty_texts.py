"""Nasty texts in names and comments: readers' list, moderators' queue by API and as a page show them all, as typed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import html5lib
import pytest

from shared.text import READER_PROSE, tidy
from tests.support.comment_desk import CommentDesk
from tests.support.desk import DeskClient
from tests.support.nasty_texts import NASTY

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXTS = [tidy(text, READER_PROSE) for texts in NASTY.values() for text in texts[:3]]


async def test_nasty_texts_break_neither_list_nor_queue(comment_desk: CommentDesk, moderator: DeskClient) -> None:
    comments = comment_desk.comments
    await comments.set_mode("pre")
    article = await comments.publish_article()

    async def post(text: str, name: str) -> dict[str, Any]:
        sent = {"name": name, "email": "eve@example.org", "body": text}
        answer = await comments.client.post(f"/v1/articles/{article.id}/comments", json=sent)
        if answer.status == 422:
            assert [error["pointer"] for error in (await answer.json())["errors"]] == ["/name"]
            return await post(text, "Eve")
        assert answer.status == 201
        return dict(await answer.json())

    posted = await asyncio.gather(*(post(text, text[:80]) for text in TEXTS))
    ids = [str(comment["id"]) for comment in posted]
    waiting = await _all(comment_desk, "/v1/comments?status=pending")
    queue = "".join(["".join(page.split()) async for page in _pages(moderator)])
    decided = await comments.client.post(
        "/v1/comments/decisions", json={"ids": ids, "action": "approve"}, headers=comments.bearer()
    )
    shown = await _all(comment_desk, f"/v1/articles/{article.id}/comments?sort=oldest")

    assert [waiting[comment_id]["body"] for comment_id in ids] == TEXTS
    assert [text for text in TEXTS if "http" not in text and "".join(text.split())[:60] not in queue] == []
    assert (decided.status, (await decided.json())["changed"]) == (200, len(TEXTS))
    assert [shown[comment_id]["body"] for comment_id in ids] == TEXTS


async def _all(comment_desk: CommentDesk, path: str) -> dict[str, Any]:
    """All items of a list, by id."""
    found: dict[str, Any] = {}
    cursor: str | None = ""
    while cursor is not None:
        address = f"{path}&limit=100" + (f"&cursor={cursor}" if cursor else "")
        answer = await comment_desk.comments.client.get(address, headers=comment_desk.comments.bearer())
        assert answer.status == 200, await answer.text()
        page = await answer.json()
        found.update({item["id"]: item for item in page["items"]})
        cursor = page["next_cursor"]
    return found


async def _pages(moderator: DeskClient) -> AsyncIterator[str]:
    """The text of each page of the queue, which must be sound HTML."""
    address = "/desk/comments?queue=pending"
    while address:
        page = (await moderator.get(address)).text
        root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
        yield "".join(root.itertext())
        older = [link.get("href") for link in root.iter("a") if "cursor=" in (link.get("href") or "")]
        address = older[-1] if older else ""
