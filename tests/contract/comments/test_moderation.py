"""Moderators' decisions and settings over HTTP, and the roles that may make them."""

import asyncio
import json
from time import monotonic
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request

from services.comments.settings import CommentsSettings
from services.ingestion.people.tokens import TokenOwner, make_token
from shared.errors import Problem
from shared.http import token_checker
from shared.http.token_checker import TokenChecker
from shared.ids import new_id
from shared.times import now
from tests.support.comments import COMMENT_FIELDS, CommentsService, running_comments, written

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPES = {
    "published": "world-monitor.comment.published.v1",
    "pending": "world-monitor.comment.held.v1",
    "rejected": "world-monitor.comment.rejected.v1",
    "removed": "world-monitor.comment.removed.v1",
}


async def _pending_comment(comments: CommentsService) -> dict[str, object]:
    await comments.set_mode("pre")
    return await comments.post((await comments.publish_article()).id)


async def test_approved_comment_is_listed_and_its_event_published(comments: CommentsService) -> None:
    comment = await _pending_comment(comments)

    response = await comments.decide(str(comment["id"]), "approve")
    approved = await response.json()

    assert response.status == 200
    assert response.headers["ETag"] == '"2"'
    expected = {name: comment[name] for name in COMMENT_FIELDS} | {"status": "published", "version": 2}
    assert {name: approved[name] for name in COMMENT_FIELDS} == expected
    assert [item["id"] for item in (await comments.discussion(str(comment["article_id"])))["items"]] == [comment["id"]]
    records = await comments.topic.until(str(comment["id"]), 2)
    assert [record.header("ce_type") for record in records] == [TYPES["pending"], TYPES["published"]]
    assert [json.loads(record.value or b"")["version"] for record in records] == [1, 2]


async def test_rejected_comment_is_hidden_and_its_event_has_no_text(comments: CommentsService) -> None:
    comment = await _pending_comment(comments)

    await comments.decide(str(comment["id"]), "reject")
    _, rejected = await comments.topic.until(str(comment["id"]), 2)

    assert (await comments.discussion(str(comment["article_id"])))["total"] == 0
    assert rejected.header("ce_type") == TYPES["rejected"]
    assert {json.loads(rejected.value or b"")[name] for name in ("name", "body", "body_html")} == {""}


async def test_removed_comment_with_replies_becomes_a_placeholder(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    top = await comments.post(article.id, name="Somebody", body="A rude word", website="https://rude.example")
    reply = await comments.post(article.id, parent_id=top["id"])
    lonely = await comments.post(article.id, body="Another rude word")

    await comments.decide(top["id"], "remove")
    await comments.decide(lonely["id"], "remove")
    discussion = await comments.discussion(article.id)

    assert discussion["total"] == 1
    (place,) = discussion["items"]
    assert (place["id"], place["status"]) == (top["id"], "removed")
    assert (place["name"], place["website"], place["body"], place["body_html"]) == ("", None, "", "")
    assert [item["id"] for item in place["replies"]] == [reply["id"]]
    _, removed = await comments.topic.until(top["id"], 2)
    assert removed.header("ce_type") == TYPES["removed"]
    assert b"rude" not in (removed.value or b"")
    refused = await comments.client.post(f"/v1/articles/{article.id}/comments", json=written(parent_id=top["id"]))
    assert refused.status == 422


@pytest.mark.parametrize("rejected", [False, True])
async def test_approved_reply_to_an_unpublished_comment_has_a_placeholder(
    comments: CommentsService, rejected: bool
) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()
    top = await comments.post(article.id, name="Somebody", body="A rude word", website="https://rude.example")
    between = await comments.post(article.id, body="Another rude word", parent_id=top["id"])
    reply = await comments.post(article.id, parent_id=between["id"])

    await comments.decide(reply["id"], "approve")
    if rejected:
        await comments.decide(top["id"], "reject")
    discussion = await comments.discussion(article.id)
    await comments.decide(top["id"], "approve")
    later = await comments.discussion(article.id)

    assert discussion["total"] == 1
    (place,) = discussion["items"]
    (under,) = place["replies"]
    assert [place["id"], under["id"], under["replies"][0]["id"]] == [top["id"], between["id"], reply["id"]]
    for empty in (place, under):
        assert (empty["name"], empty["website"], empty["body"], empty["body_html"]) == ("", None, "", "")
        assert empty["status"] == "removed"
    assert later["total"] == 2
    assert (later["items"][0]["status"], later["items"][0]["name"]) == ("published", "Somebody")


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        ("approve", "approve", 200),
        ("reject", "reject", 200),
        ("remove", "remove", 200),
        ("reject", "approve", 200),
        ("approve", "remove", 200),
        ("approve", "reject", 409),
        ("remove", "approve", 409),
        ("remove", "reject", 409),
        ("reject", "remove", 409),
    ],
)
async def test_second_decision_is_accepted_or_409(
    comments: CommentsService, first: str, then: str, status: int
) -> None:
    comment_id = str((await _pending_comment(comments))["id"])
    await comments.decide(comment_id, first)

    response = await comments.decide(comment_id, then)
    answer = await response.json()

    assert response.status == status
    if first == then:
        assert answer["version"] == 2
    if status == 409:
        assert response.content_type == "application/problem+json"


async def test_decision_on_an_unknown_comment_is_404(comments: CommentsService) -> None:
    assert (await comments.decide(new_id(), "approve")).status == 404


async def test_session_cookie_moderates_from_the_same_origin(comments: CommentsService) -> None:
    token, _ = await comments.sign_in("moderator")
    comment = await _pending_comment(comments)
    path, cookie = f"/v1/comments/{comment['id']}/approve", {"Cookie": f"wm_session={token}"}

    statuses = [
        (await comments.client.post(path, headers={**cookie, **headers})).status
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"})
    ]

    assert statuses == [403, 403, 403]
    assert (await comments.client.get("/v1/comments?status=pending", headers=cookie)).status == 200
    assert (await comments.client.post(path, headers={**cookie, "Sec-Fetch-Site": "same-origin"})).status == 200


async def test_deactivated_person_is_out_within_ten_seconds(
    comments: CommentsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, person = await comments.sign_in("moderator")
    headers, path = {"Authorization": f"Bearer {token}"}, "/v1/comments/settings"
    assert (await comments.client.get(path, headers=headers)).status == 200

    await comments.ingestion.people.change(person.id, {"is_active": False})
    monkeypatch.setattr(token_checker, "monotonic", lambda: monotonic() + 9.9)

    assert (await comments.client.get(path, headers=headers)).status == 401


async def test_refused_token_is_asked_for_once_in_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.headers["X-Forwarded-For"])
        return web.Response(status=401)

    ingestion = web.Application()
    ingestion.router.add_get("/internal/token", refuse)
    invented = make_mocked_request("GET", "/", {"Authorization": "Bearer wm_x", "X-Forwarded-For": "2001:db8::7"})
    async with TestServer(ingestion) as server:
        checker = TokenChecker([f"http://{server.host}:{server.port}"], "http://site.example", trusts_edge=True)
        began = monotonic()
        for later_s in (0.0, 4.9, 5.1):
            monkeypatch.setattr(token_checker, "monotonic", lambda later_s=later_s: began + later_s)
            with pytest.raises(Problem, match="not known"):
                await checker.owner(invented)
        await checker.close()

    assert asked == ["2001:db8::"] * 2


async def test_invented_tokens_shut_out_their_own_network_alone(comments: CommentsService) -> None:
    path, moderator = "/v1/comments/settings", make_token()

    async def status(token: str, address: str) -> tuple[int, bool]:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        response = await comments.client.get(path, headers=headers)
        return response.status, "Retry-After" in response.headers

    tries = [await status(make_token(), "203.0.113.7") for _ in range(90)]
    await comments.ingestion.tokens.add(moderator, TokenOwner(new_id(), "the moderator", "moderator"), now())

    assert tries[0] == (401, False)
    assert (429, True) in tries
    assert await status(moderator, "198.51.100.7") == (200, False)


async def test_moderators_of_one_name_do_not_share_a_key(comments: CommentsService) -> None:
    namesake, key = make_token(), uuid4().hex
    await comments.ingestion.tokens.add(namesake, TokenOwner(new_id(), "the moderator", "moderator"), now())
    first, second = [str((await _pending_comment(comments))["id"]) for _ in range(2)]

    mine = await comments.decide(first, "approve", **{"Idempotency-Key": key})
    other = await comments.decide(second, "approve", **{"Idempotency-Key": key, "Authorization": f"Bearer {namesake}"})

    assert (mine.status, other.status) == (200, 200)


async def test_stale_if_match_is_412_and_changes_nothing(comments: CommentsService) -> None:
    comment_id = str((await _pending_comment(comments))["id"])

    stale = await comments.decide(comment_id, "approve", **{"If-Match": '"7"'})
    right = await comments.decide(comment_id, "approve", **{"If-Match": '"1"'})
    blank = await comments.decide(comment_id, "remove", **{"If-Match": ""})

    assert (stale.status, right.status, blank.status) == (412, 200, 200)


async def test_concurrent_decisions_make_one_version_each(comments: CommentsService) -> None:
    comment_id = str((await _pending_comment(comments))["id"])

    responses = await asyncio.gather(*(comments.decide(comment_id, action) for action in ("approve", "reject") * 4))
    stored = await comments.store.comments.find(comment_id)
    assert stored is not None
    records = await comments.topic.until(comment_id, stored.version)

    assert {response.status for response in responses} <= {200, 409}
    assert [json.loads(record.value or b"")["version"] for record in records] == list(range(1, stored.version + 1))
    assert records[-1].header("ce_type") == TYPES[stored.status]


async def test_repeated_decision_with_a_key_gets_the_same_answer(comments: CommentsService) -> None:
    comment_id, key = str((await _pending_comment(comments))["id"]), {"Idempotency-Key": uuid4().hex}

    first = await comments.decide(comment_id, "approve", **key)
    await comments.decide(comment_id, "remove")
    again = await comments.decide(comment_id, "approve", **key)

    assert (again.status, await again.read()) == (200, await first.read())


async def test_moderation_queue_is_paged(comments: CommentsService) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()
    ids = [(await comments.post(article.id))["id"] for _ in range(3)]

    found: list[str] = []
    query = "?status=pending&limit=2"
    while query:
        page = await (await comments.client.get(f"/v1/comments{query}", headers=comments.bearer())).json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        query = f"?status=pending&limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""

    assert found == sorted(found)
    assert set(ids) <= set(found)
    newest = await (await comments.client.get("/v1/comments?sort=newest&limit=1", headers=comments.bearer())).json()
    assert [item["id"] for item in newest["items"]] == ids[-1:]


UNKNOWN_ID = "01m85jrq3meqr0ghmqwshtekfs"
CALLS = [
    ("GET", "/v1/comments"),
    ("GET", "/v1/comments/settings"),
    ("PUT", "/v1/comments/settings"),
    ("GET", "/v1/comments?queue=pending"),
    ("GET", "/v1/comments/counts"),
    ("GET", f"/v1/comments/{UNKNOWN_ID}/author"),
    ("GET", "/v1/comments/bans"),
    ("POST", "/v1/comments/bans"),
    ("DELETE", "/v1/comments/bans?email=nobody@example.org"),
    ("DELETE", f"/v1/comments/bans/{UNKNOWN_ID}"),
    ("GET", "/v1/comments/decisions"),
    ("POST", "/v1/comments/decisions"),
    ("POST", f"/v1/comments/decisions/{UNKNOWN_ID}/undo"),
    ("POST", f"/v1/comments/{UNKNOWN_ID}/approve"),
    ("POST", f"/v1/comments/{UNKNOWN_ID}/reject"),
    ("POST", f"/v1/comments/{UNKNOWN_ID}/remove"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_moderation_needs_the_role_of_a_moderator(comments: CommentsService, method: str, path: str) -> None:
    async def status(headers: dict[str, str]) -> int:
        return (await comments.client.request(method, path, headers=headers)).status

    assert await status({}) == 401
    assert await status({"Authorization": "Bearer wm_nobody"}) == 401
    assert await status({"Authorization": "Basic YTpi"}) == 401
    assert await status(comments.bearer("reporter")) == 403
    for role in ("moderator", "editor", "admin"):
        assert await status(comments.bearer(role)) not in (401, 403)


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("?status=approved", 422, "?status"),
        ("?limit=0", 422, "?limit"),
        ("?sort=best", 422, "?sort"),
        ("?cursor=%21", 400, "?cursor"),
        ("?cursor=WyJ4Il0", 400, "?cursor"),
        ("?state=pending", 422, "?state"),
    ],
)
async def test_wrong_filter_of_the_queue_is_named(
    comments: CommentsService, query: str, status: int, pointer: str
) -> None:
    response = await comments.client.get(f"/v1/comments{query}", headers=comments.bearer())

    assert response.status == status
    assert [error["pointer"] for error in (await response.json())["errors"]] == [pointer]


async def test_moderation_is_503_when_no_ingestion_answers(
    comments_settings: CommentsSettings,
) -> None:
    async with running_comments(
        comments_settings, f"test_{uuid4().hex[:12]}", ingestion="http://127.0.0.1:9"
    ) as comments:
        response = await comments.client.get("/v1/comments", headers=comments.bearer())
        article = await comments.publish_article()

        assert response.status == 503
        assert response.headers["Retry-After"]
        assert (await comments.post(article.id))["status"] == "pending", "readers can post without ingestion"


async def test_second_ingestion_is_asked_when_the_first_is_unreachable(
    comments_settings: CommentsSettings,
) -> None:
    database = f"test_{uuid4().hex[:12]}"
    async with running_comments(comments_settings, database, ingestion="http://127.0.0.1:9,{real}") as comments:
        for _ in range(2):
            assert (await comments.client.get("/v1/comments", headers=comments.bearer())).status == 200
