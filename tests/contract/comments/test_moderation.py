"""What moderators do over HTTP, and who may."""

import asyncio
import json
from uuid import uuid4

import pytest

from services.comments.settings import CommentsSettings
from shared.ids import new_id
from tests.support.comments import House, open_house, written

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPES = {
    "published": "world-monitor.comment.published.v1",
    "pending": "world-monitor.comment.held.v1",
    "rejected": "world-monitor.comment.rejected.v1",
    "removed": "world-monitor.comment.removed.v1",
}


async def _waiting(house: House) -> dict[str, object]:
    await house.set_mode("pre")
    return await house.post((await house.publish_article()).id)


async def test_an_approved_comment_is_seen_and_told_with_a_higher_version(house: House) -> None:
    comment = await _waiting(house)

    response = await house.decide(str(comment["id"]), "approve")
    approved = await response.json()

    assert response.status == 200
    assert response.headers["ETag"] == '"2"'
    assert approved == comment | {"status": "published", "version": 2}
    assert [item["id"] for item in (await house.listed(str(comment["article_id"])))["items"]] == [comment["id"]]
    records = await house.log.until(str(comment["id"]), 2)
    assert [record.header("ce_type") for record in records] == [TYPES["pending"], TYPES["published"]]
    assert [json.loads(record.value or b"")["version"] for record in records] == [1, 2]


async def test_a_rejected_comment_is_not_seen_and_its_event_carries_no_words(house: House) -> None:
    comment = await _waiting(house)

    await house.decide(str(comment["id"]), "reject")
    _, rejected = await house.log.until(str(comment["id"]), 2)

    assert (await house.listed(str(comment["article_id"])))["total"] == 0
    assert rejected.header("ce_type") == TYPES["rejected"]
    assert {json.loads(rejected.value or b"")[name] for name in ("name", "body", "body_html")} == {""}


async def test_a_removed_comment_with_replies_leaves_an_empty_place(house: House) -> None:
    await house.set_mode("post")
    article = await house.publish_article()
    top = await house.post(article.id, name="Somebody", body="A rude word", website="https://rude.example")
    reply = await house.post(article.id, parent_id=top["id"])
    lonely = await house.post(article.id, body="Another rude word")

    await house.decide(top["id"], "remove")
    await house.decide(lonely["id"], "remove")
    discussion = await house.listed(article.id)

    assert discussion["total"] == 1
    (place,) = discussion["items"]
    assert (place["id"], place["status"]) == (top["id"], "removed")
    assert (place["name"], place["website"], place["body"], place["body_html"]) == ("", None, "", "")
    assert [item["id"] for item in place["replies"]] == [reply["id"]]
    _, removed = await house.log.until(top["id"], 2)
    assert removed.header("ce_type") == TYPES["removed"]
    assert b"rude" not in (removed.value or b"")
    refused = await house.client.post(f"/v1/articles/{article.id}/comments", json=written(parent_id=top["id"]))
    assert refused.status == 422


@pytest.mark.parametrize("turned_down", [False, True])
async def test_an_approved_reply_to_what_is_not_published_hangs_on_an_empty_place(
    house: House, turned_down: bool
) -> None:
    await house.set_mode("pre")
    article = await house.publish_article()
    top = await house.post(article.id, name="Somebody", body="A rude word", website="https://rude.example")
    between = await house.post(article.id, body="Another rude word", parent_id=top["id"])
    reply = await house.post(article.id, parent_id=between["id"])

    await house.decide(reply["id"], "approve")
    if turned_down:
        await house.decide(top["id"], "reject")
    discussion = await house.listed(article.id)
    await house.decide(top["id"], "approve")
    later = await house.listed(article.id)

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
async def test_a_second_decision_is_taken_where_it_makes_sense(
    house: House, first: str, then: str, status: int
) -> None:
    comment_id = str((await _waiting(house))["id"])
    await house.decide(comment_id, first)

    response = await house.decide(comment_id, then)
    answer = await response.json()

    assert response.status == status
    if first == then:
        assert answer["version"] == 2
    if status == 409:
        assert response.content_type == "application/problem+json"


async def test_a_decision_on_what_is_not_there_is_404(house: House) -> None:
    assert (await house.decide(new_id(), "approve")).status == 404


async def test_a_stale_if_match_is_412_and_changes_nothing(house: House) -> None:
    comment_id = str((await _waiting(house))["id"])

    stale = await house.decide(comment_id, "approve", **{"If-Match": '"7"'})
    right = await house.decide(comment_id, "approve", **{"If-Match": '"1"'})
    blank = await house.decide(comment_id, "remove", **{"If-Match": ""})

    assert (stale.status, right.status, blank.status) == (412, 200, 200)


async def test_decisions_at_once_leave_one_version_each(house: House) -> None:
    comment_id = str((await _waiting(house))["id"])

    responses = await asyncio.gather(*(house.decide(comment_id, action) for action in ("approve", "reject") * 4))
    stored = await house.store.comments.find(comment_id)
    assert stored is not None
    records = await house.log.until(comment_id, stored.version)

    assert {response.status for response in responses} <= {200, 409}
    assert [json.loads(record.value or b"")["version"] for record in records] == list(range(1, stored.version + 1))
    assert records[-1].header("ce_type") == TYPES[stored.status]


async def test_a_decision_with_a_key_is_answered_alike_when_it_is_repeated(house: House) -> None:
    comment_id, key = str((await _waiting(house))["id"]), {"Idempotency-Key": uuid4().hex}

    first = await house.decide(comment_id, "approve", **key)
    await house.decide(comment_id, "remove")
    again = await house.decide(comment_id, "approve", **key)

    assert (again.status, await again.read()) == (200, await first.read())


async def test_the_queue_is_walked_in_pages(house: House) -> None:
    await house.set_mode("pre")
    article = await house.publish_article()
    ids = [(await house.post(article.id))["id"] for _ in range(3)]

    found: list[str] = []
    query = "?status=pending&limit=2"
    while query:
        page = await (await house.client.get(f"/v1/comments{query}", headers=house.bearer())).json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        query = f"?status=pending&limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""

    assert found == sorted(found)
    assert set(ids) <= set(found)
    newest = await (await house.client.get("/v1/comments?sort=newest&limit=1", headers=house.bearer())).json()
    assert [item["id"] for item in newest["items"]] == ids[-1:]


async def test_settings_are_shown_and_set(house: House) -> None:
    await house.set_mode("pre")

    shown = await house.client.get("/v1/comments/settings", headers=house.bearer())
    stale = await house.client.put(
        "/v1/comments/settings", json={"mode": "post"}, headers={**house.bearer(), "If-Match": '"0"'}
    )
    right = await house.client.put(
        "/v1/comments/settings",
        json={"mode": "post"},
        headers={**house.bearer(), "If-Match": shown.headers["ETag"]},
    )

    assert await shown.json() == {"mode": "pre"}
    assert stale.status == 412
    assert (right.status, await right.json()) == (200, {"mode": "post"})
    comment = await house.post((await house.publish_article()).id)
    assert comment["status"] == "published"


NOBODYS = "01m85jrq3meqr0ghmqwshtekfs"
CALLS = [
    ("GET", "/v1/comments"),
    ("GET", "/v1/comments/settings"),
    ("PUT", "/v1/comments/settings"),
    ("POST", f"/v1/comments/{NOBODYS}/approve"),
    ("POST", f"/v1/comments/{NOBODYS}/reject"),
    ("POST", f"/v1/comments/{NOBODYS}/remove"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_only_moderators_are_let_in(house: House, method: str, path: str) -> None:
    async def status(headers: dict[str, str]) -> int:
        return (await house.client.request(method, path, headers=headers)).status

    assert await status({}) == 401
    assert await status({"Authorization": "Bearer wm_nobody"}) == 401
    assert await status({"Authorization": "Basic YTpi"}) == 401
    assert await status(house.bearer("reporter")) == 403
    for role in ("moderator", "editor", "admin"):
        assert await status(house.bearer(role)) not in (401, 403)


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
async def test_a_wrong_filter_of_the_queue_is_named(house: House, query: str, status: int, pointer: str) -> None:
    response = await house.client.get(f"/v1/comments{query}", headers=house.bearer())

    assert response.status == status
    assert [error["pointer"] for error in (await response.json())["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "status"), [('{"mode":"never"}', 422), ('{"mode":"pre","x":1}', 422), ("{}", 422), ("{", 400)]
)
async def test_wrong_settings_change_nothing(house: House, body: str, status: int) -> None:
    await house.set_mode("post")
    headers = {**house.bearer(), "Content-Type": "application/json"}

    response = await house.client.put("/v1/comments/settings", data=body, headers=headers)

    assert response.status == status
    shown = await house.client.get("/v1/comments/settings", headers=house.bearer())
    assert await shown.json() == {"mode": "post"}


async def test_moderators_are_told_503_when_nobody_can_say_whose_a_token_is(
    comments_settings: CommentsSettings,
) -> None:
    async with open_house(comments_settings, f"test_{uuid4().hex[:12]}", ingestion="http://127.0.0.1:9") as house:
        response = await house.client.get("/v1/comments", headers=house.bearer())
        article = await house.publish_article()

        assert response.status == 503
        assert response.headers["Retry-After"]
        assert (await house.post(article.id))["status"] == "pending", "readers are not held up by it"


async def test_another_instance_of_ingestion_is_asked_when_the_first_is_silent(
    comments_settings: CommentsSettings,
) -> None:
    database = f"test_{uuid4().hex[:12]}"
    async with open_house(comments_settings, database, ingestion="http://127.0.0.1:9,{real}") as house:
        for _ in range(2):
            assert (await house.client.get("/v1/comments", headers=house.bearer())).status == 200
