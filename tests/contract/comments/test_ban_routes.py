"""Bans and mutes over HTTP: made by address, network, browser and from a comment; refused posts; lifted everywhere; audit."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.comments.model.records import author_of
from shared.ids import new_id
from shared.times import now, rfc3339
from tests.support.comments import CommentsService, written
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITHIN_S = 2.0


async def _ban(comments: CommentsService, *, expected: int = 201, **body: Any) -> dict[str, Any]:
    response = await comments.client.post("/v1/comments/bans", json=body, headers=comments.bearer())
    answer: dict[str, Any] = await response.json()
    assert response.status == expected, answer
    return answer


async def _lift(comments: CommentsService, path: str, json: object = None) -> int:
    response = await comments.client.delete(f"/v1/comments/bans{path}", json=json, headers=comments.bearer())
    return response.status


async def _bans(comments: CommentsService) -> list[dict[str, Any]]:
    response = await comments.client.get("/v1/comments/bans?limit=100", headers=comments.bearer())
    return list((await response.json())["items"])


async def _status_of_post(comments: CommentsService, article_id: str, address: str = "", **changes: Any) -> str:
    headers = {"X-Forwarded-For": address} if address else {}
    path = f"/v1/articles/{article_id}/comments"
    response = await comments.client.post(path, json=written(**changes), headers=headers)
    return str((await response.json())["status"]) if response.status == 201 else str(response.status)


async def _article(comments: CommentsService) -> str:
    await comments.set_mode("post")
    return (await comments.publish_article()).id


async def _until_post_is(comments: CommentsService, expected: str, article_id: str, **how: Any) -> None:
    async def is_so() -> bool:
        return await _status_of_post(comments, article_id, **how) == expected

    await eventually(is_so, within_s=WITHIN_S, what=f"a post is {expected}")


@pytest.mark.parametrize("what", ["email", "network"])
async def test_banned_reader_cannot_post_until_the_ban_is_lifted(comments: CommentsService, what: str) -> None:
    article_id, email = await _article(comments), f"{uuid4().hex}@example.org"
    sender = {"email": email, "address": "198.51.100.7"}
    target: dict[str, Any] = {"email": email.upper()} if what == "email" else {"network": "198.51.100.7"}

    ban = await _ban(comments, **target, reason="abuse")
    await _until_post_is(comments, "403", article_id, **sender)
    assert ban["id"] in [item["id"] for item in await _bans(comments)]
    assert await _lift(comments, f"/{ban['id']}") == 204

    await _until_post_is(comments, "published", article_id, **sender)
    assert ban["id"] not in [item["id"] for item in await _bans(comments)]
    assert await _lift(comments, f"/{ban['id']}") == 404
    assert (ban["value"], ban["until"], ban["by"]) == (
        email if what == "email" else "198.51.100.7/32", None, "the moderator",
    )  # fmt: skip


async def test_muted_reader_is_held(comments: CommentsService) -> None:
    article_id, email = await _article(comments), f"{uuid4().hex}@example.org"

    await _ban(comments, email=email, kind="mute", until=rfc3339(now() + timedelta(hours=1)))

    await _until_post_is(comments, "pending", article_id, email=email)


async def test_ban_from_a_comment_reveals_neither_address_nor_network(comments: CommentsService) -> None:
    article_id, email = await _article(comments), f"{uuid4().hex}@example.org"
    path = f"/v1/articles/{article_id}/comments"
    posted = await comments.client.post(path, json=written(email=email), headers={"X-Forwarded-For": "192.0.2.33"})
    comment = await posted.json()
    cookie = {"Cookie": posted.headers["Set-Cookie"].split(";")[0]}

    bans = [
        await _ban(comments, comment_id=comment["id"], what=what, reason="spam")
        for what in ("email", "network", "visitor")
    ]
    again = await _ban(comments, expected=200, email=email, kind="mute")
    assert [ban["until"] is None for ban in bans] == [True, False, True], (
        "a comment's network is banned for 30 days at most"
    )
    assert rfc3339(now() + timedelta(days=29)) < bans[1]["until"] < rfc3339(now() + timedelta(days=31))

    history = await comments.client.get(f"/v1/comments/{comment['id']}/author", headers=comments.bearer())
    shown = await history.json()
    assert [(ban["value"], ban["name"], ban["comment_id"]) for ban in bans] == [
        (None, comment["name"], comment["id"])
    ] * 3
    assert again["id"] == bans[0]["id"]
    assert {ban["id"] for ban in shown["bans"]} == {ban["id"] for ban in bans}
    assert shown["author"]["banned_until"] == "9999-12-31T23:59:59.000Z"
    assert "192.0.2" not in str([bans, shown])
    await _until_post_is(comments, "403", article_id, address="192.0.2.99")
    for ban in bans[:2]:
        await _lift(comments, f"/{ban['id']}")

    async def browser_is_refused() -> bool:
        response = await comments.client.post(path, json=written(email=f"{uuid4().hex}@example.org"), headers=cookie)
        return response.status == 403

    await eventually(browser_is_refused, within_s=WITHIN_S, what="the browser is refused")
    await _lift(comments, f"/{bans[2]['id']}")


async def test_ban_is_lifted_by_its_target_and_ends_by_itself(comments: CommentsService) -> None:
    email = f"{uuid4().hex}@example.org"
    await _ban(comments, email=email)
    await _ban(comments, network="2001:db8:77::/48")

    assert await _lift(comments, "", {"email": email, "until": None, "reason": "a shop"}) == 204
    await _ban(comments, email=email)
    assert await _lift(comments, f"?email={email}") == 204
    assert await _lift(comments, "", {"network": "2001:db8:77::1/48"}) == 204
    assert await _lift(comments, f"?email={email}") == 404

    ended = await _ban(comments, email=email, until=rfc3339(now() + timedelta(seconds=1)))

    async def has_ended() -> bool:
        return ended["id"] not in [item["id"] for item in await _bans(comments)]

    await eventually(has_ended, what="the ban has ended")


async def test_audit_has_bans_without_their_targets(comments: CommentsService) -> None:
    email = f"{uuid4().hex}@example.org"
    ban = await _ban(comments, email=email, reason="a shop")
    await _lift(comments, f"/{ban['id']}")

    response = await comments.client.get("/v1/comments/decisions?limit=2", headers=comments.bearer())
    lifted, banned = (await response.json())["items"]

    assert [(entry["action"], entry["reason"], entry["detail"]["ban_id"]) for entry in (lifted, banned)] == [
        ("lift", "", ban["id"]),
        ("ban", "a shop", ban["id"]),
    ]
    assert email not in str([lifted, banned])
    assert author_of(email) not in str([lifted, banned])
    undo = f"/v1/comments/decisions/{banned['decision_id']}/undo"
    assert (await comments.client.post(undo, headers=comments.bearer())).status == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"email": "a@example.org", "network": "192.0.2.0/24"}, ""),
        ({"email": "nobody"}, "/email"),
        ({"email": 7}, "/email"),
        ({"network": "192.0.2.0/33"}, "/network"),
        ({"network": "example.org"}, "/network"),
        ({"network": "0.0.0.0/0"}, "/network"),
        ({"network": "2001::/15"}, "/network"),
        ({"visitor": "x"}, "/visitor"),
        ({"comment_id": ""}, "/comment_id"),
        ({"comment_id": new_id()}, "/comment_id"),
        ({"email": "a@example.org", "until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"email": "a@example.org", "until": "tomorrow"}, "/until"),
        ({"email": "a@example.org", "reason": "r" * 501}, "/reason"),
        ({"email": "a@example.org", "kind": "kick"}, "/kind"),
        ({"email": "a@example.org", "what": "name"}, "/what"),
        ({"email": "a@example.org", "by": "me"}, "/by"),
        ({"email": "a@example.org", "until": 1_999_999_999}, "/until"),
    ],
)
async def test_wrong_field_of_a_ban_is_named(comments: CommentsService, body: dict[str, Any], pointer: str) -> None:
    answer = await _ban(comments, expected=422, **body)

    assert [error["pointer"] for error in answer["errors"]] == [pointer]


async def test_wrong_target_of_a_lifting_is_refused(comments: CommentsService) -> None:
    assert await _lift(comments, "") == 422
    assert await _lift(comments, "?email=a@example.org&id=x") == 422
    assert await _lift(comments, "?name=x") == 422
    assert await _lift(comments, "", {"kind": "ban"}) == 422
