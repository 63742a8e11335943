"""Readers' letters to the editors over HTTP: kept, read by editors alone, and refused where they are wrong."""

import pytest

from tests.support.comments import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

LETTER = {"name": "Ada", "email": "ada@example.org", "body": "The map on page two is upside down."}
BROWSER = {"Accept": "text/html"}


async def test_a_letter_reaches_the_editors_and_nobody_else(house: House) -> None:
    sent = await house.client.post("/v1/messages", json=LETTER)
    receipt = await sent.json()
    refused = await house.client.get("/v1/messages")
    read = await house.client.get("/v1/messages?limit=1", headers=house.bearer())

    assert sent.status == 201
    assert set(receipt) == {"id", "created_at"}
    assert refused.status == 401
    assert (await read.json())["items"] == [LETTER | receipt]


async def test_letters_are_listed_page_by_page_newest_first(house: House) -> None:
    ids = [(await (await house.client.post("/v1/messages", json=LETTER)).json())["id"] for _ in range(3)]

    first = await (await house.client.get("/v1/messages?limit=2", headers=house.bearer())).json()
    second = await house.client.get(f"/v1/messages?limit=1&cursor={first['next_cursor']}", headers=house.bearer())

    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    assert (await second.json())["items"][0]["id"] == ids[0]


async def test_a_form_leads_back_with_thanks(house: House) -> None:
    response = await house.client.post("/v1/messages", data=LETTER, headers=BROWSER, allow_redirects=False)

    assert (response.status, response.headers["Location"]) == (303, "/contact#thanks")


async def test_a_letter_that_is_sent_twice_under_one_key_is_kept_once(house: House) -> None:
    key = {"Idempotency-Key": "letter-1"}
    first, second = [await (await house.client.post("/v1/messages", json=LETTER, headers=key)).json() for _ in range(2)]

    assert first == second


async def test_a_wrong_letter_is_refused_with_its_fields(house: House) -> None:
    wrong = {"name": "", "email": "nobody", "body": " "}
    script = await house.client.post("/v1/messages", json=wrong)
    browser = await house.client.post("/v1/messages", data=wrong, headers=BROWSER)

    assert script.status == browser.status == 422
    assert {error["pointer"] for error in (await script.json())["errors"]} == {"/name", "/email", "/body"}
    assert "Your message was not sent" in await browser.text()
