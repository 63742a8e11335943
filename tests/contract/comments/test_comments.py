"""New comments over HTTP: answers, events, moderation modes, idempotency keys."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from aiohttp import ClientSession, DummyCookieJar

from services.comments.access.keys import ROOM
from services.comments.access.room import MOST
from tests.support.comments import POSTED_FIELDS, CommentsService, written

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_new_comment_has_exact_shape_and_its_event(comments: CommentsService) -> None:
    await comments.set_mode("first-comment")
    article = await comments.publish_article()

    response = await comments.client.post(
        f"/v1/articles/{article.id}/comments", json=written(email="first@example.org", body="One.\n\nTwo <b>.")
    )
    comment = await response.json()

    assert response.status == 201
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == f"{article.url}#comment-{comment['id']}"
    assert set(comment) == POSTED_FIELDS
    assert (comment["article_id"], comment["parent_id"], comment["website"]) == (article.id, None, None)
    assert (comment["status"], comment["version"]) == ("pending", 1)
    assert comment["body"] == "One.\n\nTwo <b>."
    assert comment["body_html"] == "<p>One.</p><p>Two &lt;b&gt;.</p>"
    assert comment["created_at"].endswith("Z")
    record = await comments.next_event(comment["id"])
    assert record.header("ce_type") == "world-monitor.comment.held.v1"
    assert json.loads(record.value or b"")["root_id"] == comment["id"]


async def test_email_address_is_in_no_event_and_no_answer(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article, address = await comments.publish_article(), f"{uuid4().hex}@example.org"

    comment = await comments.post(article.id, email=address)
    await comments.decide(comment["id"], "remove")
    records = await comments.topic.until(comment["id"], 2)

    sent = b"".join((record.value or b"") + repr(record.headers).encode() for record in records)
    read = json.dumps([comment, await comments.discussion(article.id)])
    assert address.encode() not in sent
    assert address not in read


async def test_first_comment_mode_holds_a_writer_until_an_approval(comments: CommentsService) -> None:
    await comments.set_mode("first-comment")
    article, address = await comments.publish_article(), f"{uuid4().hex}@Example.org"

    first = await comments.post(article.id, email=address)
    second = await comments.post(article.id, email=address)
    await comments.decide(first["id"], "approve")
    third = await comments.post(article.id, email=address.upper())
    stranger = await comments.post(article.id, email=f"{uuid4().hex}@example.org")
    await comments.decide(first["id"], "remove")
    await comments.decide(third["id"], "remove")
    fourth = await comments.post(article.id, email=address)

    assert [item["status"] for item in (first, second, third, stranger, fourth)] == [
        "pending", "pending", "published", "pending", "pending",
    ]  # fmt: skip


async def test_approved_address_in_another_browser_is_held(comments: CommentsService) -> None:
    await comments.set_mode("first-comment")
    article, address = await comments.publish_article(), f"{uuid4().hex}@example.org"
    path, invented = f"/v1/articles/{article.id}/comments", {"Cookie": "wm_writer=" + "x" * 43}
    first = await comments.client.post(path, data=written(email=address), allow_redirects=False)
    cookie, for_edits, _ = first.headers.getall("Set-Cookie")
    await comments.decide(first.headers["Location"].rpartition("-")[2], "approve")

    async def status_of(headers: dict[str, str]) -> str:
        async with ClientSession(cookie_jar=DummyCookieJar()) as browser:
            url = comments.client.make_url(path)
            async with browser.post(url, json=written(email=address), headers=headers) as response:
                return str((await response.json())["status"])

    assert [await status_of(headers) for headers in ({}, invented)] == ["pending", "pending"]
    assert await status_of({"Cookie": cookie.partition(";")[0]}) == "published"
    assert {"HttpOnly", "Path=/v1/articles", "SameSite=Lax"} < set(cookie.split("; "))
    assert for_edits == cookie.replace("/v1/articles", "/v1/comments")


async def test_comment_that_no_moderator_saw_gives_no_trust(comments: CommentsService) -> None:
    article, address = await comments.publish_article(), f"{uuid4().hex}@example.org"
    await comments.set_mode("post")
    unseen = await comments.post(article.id, email=address)
    await comments.set_mode("first-comment")

    later = await comments.post(article.id, email=address)

    assert (unseen["status"], later["status"]) == ("published", "pending")


async def test_repeated_answer_brings_no_cookie_of_its_writer(comments: CommentsService) -> None:
    article, key = await comments.publish_article(), {"Idempotency-Key": uuid4().hex}
    path, sent = f"/v1/articles/{article.id}/comments", written()

    first, again = [await comments.client.post(path, json=sent, headers=key) for _ in range(2)]

    assert await again.read() == await first.read()
    assert ("Set-Cookie" in first.headers, "Set-Cookie" in again.headers) == (True, False)


async def test_concurrent_requests_with_one_key_write_once(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article, headers, sent = await comments.publish_article(), {"Idempotency-Key": uuid4().hex}, written()
    await comments.discussion(article.id)

    async def send() -> tuple[int, bytes, str]:
        response = await comments.client.post(f"/v1/articles/{article.id}/comments", json=sent, headers=headers)
        return response.status, await response.read(), response.headers["Location"]

    answers = await asyncio.gather(*(send() for _ in range(6)))
    answers.append(await send())

    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert (await comments.discussion(article.id))["total"] == 1
    other = await comments.client.post(
        f"/v1/articles/{article.id}/comments", json=written(body="Another."), headers=headers
    )
    assert other.status == 422


@pytest.mark.parametrize("path", ["/v1/articles/{id}/comments", "/v1/messages"])
async def test_people_of_two_networks_do_not_share_a_key(comments: CommentsService, path: str) -> None:
    path, key = path.format(id=(await comments.publish_article()).id), uuid4().hex

    async def send(address: str, body: str) -> tuple[int, str | None]:
        headers = {"Idempotency-Key": key, "X-Forwarded-For": address}
        response = await comments.client.post(path, json=written(body=body), headers=headers)
        return response.status, (await response.json()).get("id")

    mine, again, other = [
        await send("203.0.113.7", "1"),
        await send("203.0.113.7", "1"),
        await send("2001:db8::7", "2"),
    ]

    assert (mine[0], again, other[0]) == (201, mine, 201)
    assert other[1] != mine[1]


async def test_concurrent_comments_of_one_writer_are_all_stored(comments: CommentsService) -> None:
    await comments.set_mode("first-comment")
    article, address = await comments.publish_article(), f"{uuid4().hex}@example.org"
    await comments.discussion(article.id)

    posted = await asyncio.gather(*(comments.post(article.id, email=address, body=str(n)) for n in range(12)))

    assert len({comment["id"] for comment in posted}) == 12
    for comment in posted:
        await comments.topic.until(comment["id"])


async def test_event_carries_the_trace_id_of_its_request(comments: CommentsService) -> None:
    article, trace = await comments.publish_article(), uuid4().hex

    response = await comments.client.post(
        f"/v1/articles/{article.id}/comments",
        json=written(),
        headers={"traceparent": f"00-{trace}-{uuid4().hex[:16]}-01"},
    )
    record = await comments.next_event((await response.json())["id"])

    assert (record.header("traceparent") or "").split("-")[1] == trace


async def test_repeated_letter_gets_its_first_answer_from_a_full_store(comments: CommentsService) -> None:
    app, key, sent = comments.client.app, {"Idempotency-Key": uuid4().hex}, written()
    assert app is not None

    first = await comments.client.post("/v1/messages", json=sent, headers=key)
    app[ROOM].most = dict.fromkeys(MOST, 0)
    try:
        again = await comments.client.post("/v1/messages", json=sent, headers=key)
    finally:
        app[ROOM].most = MOST

    assert (first.status, again.status) == (201, 201)
    assert await again.json() == await first.json()


@pytest.fixture
def full_room(comments: CommentsService) -> Iterator[None]:
    """No room for anything, for one test."""
    app = comments.client.app
    assert app is not None
    room = app[ROOM]
    room.most = dict.fromkeys(MOST, 0)
    yield
    room.most = MOST


async def test_full_store_refuses_what_it_would_keep_and_takes_the_rest(
    comments: CommentsService, full_room: None
) -> None:
    article = await comments.publish_article()
    path, key = f"/v1/articles/{article.id}/comments", {"Idempotency-Key": uuid4().hex}

    async def status(path: str, body: dict[str, object], headers: Mapping[str, str] | None = None) -> int:
        async with comments.client.post(path, json=body, headers=headers) as answer:
            assert answer.status != 503 or answer.headers["Retry-After"] == "600"
            return answer.status

    await comments.set_mode("first-comment")
    assert await status(path, written()) == 503, "it would wait for a moderator"
    assert await status(path, written(), comments.bearer()) == 201, "a token's owner is known"
    await comments.set_mode("post")
    assert await status(path, written()) == 201
    assert await status(path, written(), key) == 503, "its answer would be kept"
    assert await status("/v1/messages", written()) == 503
