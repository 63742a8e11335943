"""The settings of all discussions over HTTP: what they show, what a change needs, and when it is in force."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.comments.app import create_app
from services.comments.model.records import Reason
from services.comments.settings import CommentsSettings
from tests.support.comments import Client, CommentsService, written
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/comments/settings"
SECRET = "a secret of the newsroom"
DEFAULTS = {
    "mode": "first-comment", "banned_words": [], "suspect_words": [], "most_links": 2, "close_after_days": None,
    "edit_window_s": 300, "votes": True, "hold_rejection_rate": 0.3, "webhook": None,
}  # fmt: skip


async def _put(comments: CommentsService, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
    response = await comments.client.put(PATH, json=body, headers={**comments.bearer(), **headers})
    return response.status, await response.json()


async def _get(comments: CommentsService) -> tuple[dict[str, Any], str]:
    response = await comments.client.get(PATH, headers=comments.bearer())
    return await response.json(), response.headers["ETag"]


async def test_change_of_some_fields_leaves_the_others(comments: CommentsService) -> None:
    before, tag = await _get(comments)
    webhook = {"url": "https://judge.example/comments", "secret": SECRET, "when_it_fails": "hold"}
    status, first = await _put(
        comments, {"mode": "post", "banned_words": ["  Casino ", "CASINO", "احتيال"], "webhook": webhook}
    )
    stale, _ = await _put(comments, {"mode": "pre"}, **{"If-Match": tag})
    _, second = await _put(comments, {"votes": False, "close_after_days": 30, "webhook": {"url": "https://b.example"}})
    _, third = await _put(comments, {**second, "close_after_days": None, "hold_rejection_rate": None, "webhook": None})

    assert before == DEFAULTS
    assert (status, stale) == (200, 412)
    shown = {"url": webhook["url"], "when_it_fails": "hold", "has_secret": True}
    assert first == {**DEFAULTS, "mode": "post", "banned_words": ["Casino", "احتيال"], "webhook": shown}
    moved = {"url": "https://b.example", "when_it_fails": "publish", "has_secret": True}
    assert second == {**first, "votes": False, "close_after_days": 30, "webhook": moved}
    assert third == {**second, "close_after_days": None, "hold_rejection_rate": None, "webhook": None}
    assert (await comments.post((await comments.publish_article()).id))["status"] == "published"


async def test_change_is_in_the_audit_without_the_secret(comments: CommentsService) -> None:
    await _put(comments, {"banned_words": ["roulette"], "mode": "post", "webhook": None})

    webhook = {"url": "https://judge.example/c", "secret": SECRET}
    await _put(comments, {"banned_words": ["poker", "roulette"], "mode": "pre", "webhook": webhook})
    await _put(comments, {"mode": "pre"})

    response = await comments.client.get("/v1/comments/decisions?limit=1", headers=comments.bearer())
    [entry] = (await response.json())["items"]
    assert (entry["action"], entry["by"], entry["ids"]) == ("settings", "the moderator", [])
    assert entry["detail"] == {
        "mode": "post -> pre", "banned_words": "+poker", "webhook": "None -> https://judge.example/c (publish)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, [""]),
        ({"mode": "never"}, ["/mode"]),
        ({"mode": None}, ["/mode"]),
        ({"mode": "pre", "x": 1}, ["/x"]),
        ({"banned_words": ["good", " ", "x" * 61, "\u200b", "a\u0000b"]}, [f"/banned_words/{n}" for n in (1, 2, 3, 4)]),
        ({"banned_words": ["ab*"], "suspect_words": ["a"]}, ["/banned_words/0", "/suspect_words/0"]),
        ({"suspect_words": ["word"] * 2001}, ["/suspect_words"]),
        ({"suspect_words": "word"}, ["/suspect_words"]),
        ({"most_links": -1, "edit_window_s": 86_401}, ["/most_links", "/edit_window_s"]),
        ({"most_links": "2", "votes": "yes"}, ["/most_links", "/votes"]),
        ({"close_after_days": -1, "hold_rejection_rate": 1.5}, ["/close_after_days", "/hold_rejection_rate"]),
        ({"webhook": {"url": "https://judge.example"}}, ["/webhook/secret"]),
        ({"webhook": {"url": "ftp://judge.example", "secret": SECRET}}, ["/webhook/url"]),
        ({"webhook": {"url": "https://a@b.example", "secret": "short"}}, ["/webhook/url", "/webhook/secret"]),
    ],
)
async def test_wrong_field_is_named_and_nothing_changes(
    comments: CommentsService, body: object, pointers: list[str]
) -> None:
    await _put(comments, {"webhook": None})
    before, tag = await _get(comments)

    status, problem = await _put(comments, body)

    assert status == 422
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert await _get(comments) == (before, tag)


async def test_malformed_settings_are_400(comments: CommentsService) -> None:
    headers = {**comments.bearer(), "Content-Type": "application/json"}

    assert (await comments.client.put(PATH, data="{", headers=headers)).status == 400


async def test_change_is_in_force_at_once_here_and_within_two_seconds_on_another_instance(
    comments: CommentsService, comments_settings: CommentsSettings
) -> None:
    await _put(comments, {"mode": "post", "banned_words": []})
    article, group = await comments.publish_article(), f"comments-{uuid4().hex[:8]}"
    settings = comments_settings.model_copy(update={"instance": 2, "fetch_allow": "127.0.0.0/8"})
    other = create_app(settings, database=comments.store.database.name, group=group)

    async def status(client: Client) -> str:
        comment = written(body=f"A forbiddenword, {uuid4().hex}")
        response = await client.post(f"/v1/articles/{article.id}/comments", json=comment)
        return str((await response.json())["status"])

    async with TestClient(TestServer(other)) as second:
        assert await status(second) == await status(comments.client) == "published"
        await _put(comments, {"banned_words": ["forbiddenword"]})
        began, last_published_s = monotonic(), 0.0
        here = await status(comments.client)

        async def is_rejected() -> bool:
            nonlocal last_published_s
            asked_s = monotonic() - began
            if await status(second) == "rejected":
                return True
            last_published_s = asked_s
            return False

        await eventually(is_rejected, what="the second instance has the new words")

        async with _judge({"action": "hold", "reason": "Too angry."}) as url:
            await _put(
                comments, {"banned_words": [], "webhook": {"url": url, "secret": SECRET, "when_it_fails": "publish"}}
            )

            async def is_held() -> bool:
                return await status(second) == "pending"

            await eventually(is_held, what="the second instance asks the webhook")
        await _put(comments, {"webhook": None})

    assert here == "rejected"
    assert last_published_s < 2.0
    held = await comments.store.comments.with_status("pending", "newest", None, 1)
    assert held[0].reasons == (Reason("webhook", "Too angry."),)


@asynccontextmanager
async def _judge(answer: object) -> AsyncIterator[str]:
    """A webhook with one answer; yields its address."""

    async def judge(_: web.Request) -> web.Response:
        return web.json_response(answer)

    app = web.Application()
    app.router.add_post("/judge", judge)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/judge"))
