"""A person's rights over their data: a copy of everything under their address, and its erasure."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.comments.commands import answer_a_person
from services.comments.settings import CommentsSettings
from tests.support.comments import CommentsService, running_comments, written
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
async def comments(settings: CommentsSettings, database: str) -> AsyncIterator[CommentsService]:
    async with running_comments(settings, database) as comments:
        article = await comments.publish_article()

        async def has_read_the_log() -> bool:
            return (await comments.client.get(f"/v1/articles/{article.id}/comments")).status == 200

        await eventually(has_read_the_log, what="the service has the whole log")
        yield comments


async def _run_command(command: str, email: str, settings: CommentsSettings, database: str) -> str:
    printed: list[str] = []
    await answer_a_person(command, email, settings, printed.append, database=database)
    return "\n".join(printed)


async def test_export_has_everything_and_erase_removes_it_everywhere(
    comments: CommentsService, settings: CommentsSettings, database: str
) -> None:
    article = await comments.publish_article()
    mine = await comments.post(article.id, email="ada@example.org", name="Ada Byrne", body="Words of mine.")
    reply = await comments.post(article.id, email="ben@example.org", name="Ben", body="A reply.", parent_id=mine["id"])
    letter = {"name": "Ada Byrne", "email": "ada@example.org", "body": "A letter."}
    assert (await comments.client.post("/v1/messages", json=letter)).status == 201

    copy = json.loads(await _run_command("export", "ada@example.org", settings, database))
    assert [comment["body"] for comment in copy["comments"]] == ["Words of mine."]
    assert [message["body"] for message in copy["messages"]] == ["A letter."]

    assert "1 comments, 1 letters" in await _run_command("erase", "ada@example.org", settings, database)

    _, removed = await comments.topic.until(mine["id"], 2)
    assert removed.value is not None
    assert b"Ada" not in removed.value
    assert b"Words of mine" not in removed.value
    (place,) = (await comments.discussion(article.id))["items"]
    assert (place["status"], place["name"], place["body_html"]) == ("removed", "", "")
    assert [(answer["id"], answer["name"]) for answer in place["replies"]] == [(reply["id"], "Ben")]
    kept = await comments.store.comments.find(mine["id"])
    assert kept is not None
    assert (kept.name, kept.website, kept.body, kept.body_html) == ("", None, "", "")
    nothing = json.loads(await _run_command("export", "ada@example.org", settings, database))
    assert (nothing["comments"], nothing["messages"]) == ([], [])
    assert len(json.loads(await _run_command("export", "ben@example.org", settings, database))["comments"]) == 1
    assert "0 comments, 0 letters" in await _run_command("erase", "ada@example.org", settings, database)


async def test_erased_pending_comment_cannot_be_published(
    comments: CommentsService, settings: CommentsSettings, database: str
) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()
    waits = await comments.post(article.id)

    await _run_command("erase", written()["email"], settings, database)

    answer = await comments.decide(waits["id"], "approve")
    assert answer.status == 409, "an erased comment cannot be published"


@pytest.mark.parametrize("arguments", [["export"], ["erase", "no address"], ["forget", "ada@example.org"]])
def test_wrong_command_line_fails_with_the_reason(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "services.comments", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "usage" in done.stderr or "not an e-mail address" in done.stderr
