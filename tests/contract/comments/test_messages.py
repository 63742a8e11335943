"""Readers' letters over HTTP: stored, readable by editors alone, refused when wrong."""

import pytest

from tests.support.comments import CommentsService

pytestmark = pytest.mark.asyncio(loop_scope="module")

LETTER = {"name": "Ada", "email": "ada@example.org", "body": "The map on page two is upside down."}
BROWSER = {"Accept": "text/html"}


async def test_letter_is_readable_by_editors_alone(comments: CommentsService) -> None:
    sent = await comments.client.post("/v1/messages", json=LETTER)
    receipt = await sent.json()
    refused = await comments.client.get("/v1/messages")
    read = await comments.client.get("/v1/messages?limit=1", headers=comments.bearer())

    assert sent.status == 201
    assert set(receipt) == {"id", "created_at"}
    assert refused.status == 401
    assert (await read.json())["items"] == [LETTER | receipt]


async def test_letters_are_paged_newest_first(comments: CommentsService) -> None:
    ids = [(await (await comments.client.post("/v1/messages", json=LETTER)).json())["id"] for _ in range(3)]

    first = await (await comments.client.get("/v1/messages?limit=2", headers=comments.bearer())).json()
    second = await comments.client.get(f"/v1/messages?limit=1&cursor={first['next_cursor']}", headers=comments.bearer())

    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    assert (await second.json())["items"][0]["id"] == ids[0]


async def test_letter_form_redirects_to_the_thanks(comments: CommentsService) -> None:
    response = await comments.client.post("/v1/messages", data=LETTER, headers=BROWSER, allow_redirects=False)

    assert (response.status, response.headers["Location"]) == (303, "/contact#thanks")


async def test_letter_with_a_repeated_key_is_stored_once(comments: CommentsService) -> None:
    key = {"Idempotency-Key": "letter-1"}
    first, second = [
        await (await comments.client.post("/v1/messages", json=LETTER, headers=key)).json() for _ in range(2)
    ]

    assert first == second


async def test_wrong_letter_is_refused_with_its_fields(comments: CommentsService) -> None:
    wrong = {"name": "", "email": "nobody", "body": " "}
    script = await comments.client.post("/v1/messages", json=wrong)
    browser = await comments.client.post("/v1/messages", data=wrong, headers=BROWSER)

    assert script.status == browser.status == 422
    assert {error["pointer"] for error in (await script.json())["errors"]} == {"/name", "/email", "/body"}
    assert "Your message was not sent" in await browser.text()
