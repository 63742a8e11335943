"""What a person may ask: a copy of what is kept under their address, and that all of it is erased."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.comments import privacy
from services.comments.settings import CommentsSettings
from tests.support.commands import world_monitor
from tests.support.comments import House, open_house, written
from tests.support.polling import eventually


@pytest.fixture
def database() -> str:
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def settings(kafka_url: str, mongo_url: str, redis_url: str) -> CommentsSettings:
    return CommentsSettings(
        kafka=kafka_url,
        mongo=mongo_url,
        redis=redis_url,
        kafka_idempotence=False,
        rate_limits="off",
        comments_mode="post",
    )


@pytest.fixture
async def house(settings: CommentsSettings, database: str) -> AsyncIterator[House]:
    async with open_house(settings, database) as house:
        article = await house.publish_article()

        async def heard() -> bool:
            return (await house.client.get(f"/v1/articles/{article.id}/comments")).status == 200

        await eventually(heard, what="the service has the whole log")
        yield house


async def test_what_is_kept_under_an_address_is_copied_and_then_erased_everywhere(house: House) -> None:
    article = await house.publish_article()
    mine = await house.post(article.id, email="ada@example.org", name="Ada Byrne", body="Words of mine.")
    reply = await house.post(article.id, email="ben@example.org", name="Ben", body="A reply.", parent_id=mine["id"])
    letter = {"name": "Ada Byrne", "email": "ada@example.org", "body": "A letter."}
    assert (await house.client.post("/v1/messages", json=letter)).status == 201

    copy = await privacy.export(house.store, "ada@example.org")
    assert [comment["body"] for comment in copy["comments"]] == ["Words of mine."]
    assert [message["body"] for message in copy["messages"]] == ["A letter."]

    assert await privacy.erase(house.store, "ada@example.org") == (1, 1)

    _, told = await house.log.until(mine["id"], 2)
    assert told.value is not None
    assert b"Ada" not in told.value
    assert b"Words of mine" not in told.value
    (place,) = (await house.listed(article.id))["items"]
    assert (place["status"], place["name"], place["body_html"]) == ("removed", "", "")
    assert [(answer["id"], answer["name"]) for answer in place["replies"]] == [(reply["id"], "Ben")]
    kept = await house.store.comments.find(mine["id"])
    assert kept is not None
    assert (kept.name, kept.website, kept.body, kept.body_html) == ("", None, "", "")
    nothing = await privacy.export(house.store, "ada@example.org")
    assert (nothing["comments"], nothing["messages"]) == ([], [])
    assert len((await privacy.export(house.store, "ben@example.org"))["comments"]) == 1
    assert await privacy.erase(house.store, "ada@example.org") == (0, 0)


async def test_what_waits_or_was_rejected_is_erased_for_good(house: House) -> None:
    await house.set_mode("pre")
    article = await house.publish_article()
    waits = await house.post(article.id)

    await privacy.erase(house.store, written()["email"])

    answer = await house.decide(waits["id"], "approve")
    assert answer.status == 409, "what is erased cannot be published again"


async def test_commands_export_and_erase_by_address(settings: CommentsSettings) -> None:
    engines = {"WM_KAFKA": settings.kafka, "WM_MONGO": settings.mongo}
    address = f"{uuid4().hex}@example.org"
    async with open_house(settings, "comments") as house:
        article = await house.publish_article()
        await house.post(article.id, email=address, body="Words of mine.")

        copy = await asyncio.to_thread(world_monitor, "comments", "export", address, **engines)
        erased = await asyncio.to_thread(world_monitor, "comments", "erase", address, "--json", **engines)
        again = await asyncio.to_thread(world_monitor, "comments", "erase", address, **engines)

    assert [comment["body"] for comment in json.loads(copy.stdout)["comments"]] == ["Words of mine."]
    assert json.loads(erased.stdout) == {"comments": 1, "letters": 0}
    assert (again.returncode, again.stdout) == (0, "erased: 0 comments, 0 letters, and the address\n")
