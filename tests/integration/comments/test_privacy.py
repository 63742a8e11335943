"""What a person may ask: a copy of what is kept under their address, and that all of it is erased."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.comments.commands import answer_a_person
from services.comments.settings import CommentsSettings
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


async def _ask(command: str, email: str, settings: CommentsSettings, database: str) -> str:
    told: list[str] = []
    await answer_a_person(command, email, settings, told.append, database=database)
    return "\n".join(told)


async def test_what_is_kept_under_an_address_is_copied_and_then_erased_everywhere(
    house: House, settings: CommentsSettings, database: str
) -> None:
    article = await house.publish_article()
    mine = await house.post(article.id, email="ada@example.org", name="Ada Byrne", body="Words of mine.")
    reply = await house.post(article.id, email="ben@example.org", name="Ben", body="A reply.", parent_id=mine["id"])
    letter = {"name": "Ada Byrne", "email": "ada@example.org", "body": "A letter."}
    assert (await house.client.post("/v1/messages", json=letter)).status == 201

    copy = json.loads(await _ask("export", "ada@example.org", settings, database))
    assert [comment["body"] for comment in copy["comments"]] == ["Words of mine."]
    assert [message["body"] for message in copy["messages"]] == ["A letter."]

    assert "1 comments, 1 letters" in await _ask("erase", "ada@example.org", settings, database)

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
    nothing = json.loads(await _ask("export", "ada@example.org", settings, database))
    assert (nothing["comments"], nothing["messages"]) == ([], [])
    assert len(json.loads(await _ask("export", "ben@example.org", settings, database))["comments"]) == 1
    assert "0 comments, 0 letters" in await _ask("erase", "ada@example.org", settings, database)


async def test_what_waits_or_was_rejected_is_erased_for_good(
    house: House, settings: CommentsSettings, database: str
) -> None:
    await house.set_mode("pre")
    article = await house.publish_article()
    waits = await house.post(article.id)

    await _ask("erase", written()["email"], settings, database)

    answer = await house.decide(waits["id"], "approve")
    assert answer.status == 409, "what is erased cannot be published again"


@pytest.mark.parametrize("arguments", [["export"], ["erase", "no address"], ["forget", "ada@example.org"]])
def test_a_mistyped_command_says_so_and_changes_nothing(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "services.comments", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "usage" in done.stderr or "not an e-mail address" in done.stderr
