"""The same text again: one comment within two minutes, in every process."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from services.comments.app import create_app
from services.comments.posting.repeat_store import RepeatStore
from services.comments.settings import CommentsSettings
from tests.support.comments import CommentsService, written
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
Client = TestClient[web.Request, web.Application]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def second(comments: CommentsService, comments_settings: CommentsSettings) -> AsyncIterator[Client]:
    """Another instance of the service, on the same database. Neither client keeps cookies."""
    settings = comments_settings.model_copy(update={"instance": "2"})
    app = create_app(settings, database=comments.store.database.name, group=f"comments-{uuid4().hex[:8]}")
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:

        async def is_ready() -> bool:
            answer = await client.get("/health/ready")
            return answer.status == 200 and (await answer.json())["lag"] == 0

        await eventually(is_ready, what="the second instance has read the log")
        yield client


async def _send(client: Client, article_id: str, sent: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    async with client.post(f"/v1/articles/{article_id}/comments", json=sent, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_double_clicks_at_two_instances_are_one_comment_with_one_answer(
    comments: CommentsService, second: Client
) -> None:
    await comments.set_mode("post")
    article, sent = await comments.publish_article(), written()
    others = [written() for _ in range(6)]
    await comments.discussion(article.id)
    comments.client.session.cookie_jar.clear()

    answers = await asyncio.gather(
        *(_send(client, article.id, sent) for _ in range(4) for client in (comments.client, second)),
        *(_send(client, article.id, other) for other in others for client in (comments.client, second)),
    )

    assert {status for status, _ in answers} == {201}
    assert all(answer == answers[0][1] for _, answer in answers[:8]), "each click has the first answer"
    assert len({answer["id"] for _, answer in answers}) == 1 + len(others)
    assert (await comments.discussion(article.id))["total"] == 1 + len(others)


async def test_repetition_counts_by_text_writer_parent_and_time(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article, elsewhere, sent = await comments.publish_article(), await comments.publish_article(), written()
    client, key = comments.client, {"Idempotency-Key": uuid4().hex}

    first = (await _send(client, article.id, sent))[1]
    again = (await _send(client, article.id, sent, **key))[1]
    kept = (await _send(client, article.id, sent, **key))[1]
    changes: list[dict[str, Any]] = [{"body": "Other."}, {"email": "o@example.org"}, {"parent_id": first["id"]}]
    different = [(await _send(client, article.id, sent | change))[1] for change in changes]
    different.append((await _send(client, elsewhere.id, sent))[1])
    repeats = RepeatStore(comments.store.database).collection
    await repeats.update_many({"comment": first["id"]}, {"$set": {"at": first_at(await repeats.find_one({}))}})
    later = (await _send(client, article.id, sent))[1]

    assert again == kept == first
    assert len({item["id"] for item in (first, later, *different)}) == 6


def first_at(found: dict[str, Any] | None) -> object:
    """A time more than two minutes before an entry."""
    assert found is not None
    return found["at"] - timedelta(seconds=121)


async def test_form_repeats_a_comment_that_a_script_sent(comments: CommentsService) -> None:
    article, sent = await comments.publish_article(), written()

    posted = (await _send(comments.client, article.id, sent))[1]
    path = f"/v1/articles/{article.id}/comments"
    form = await comments.client.post(path, data=sent, allow_redirects=False)

    assert (form.status, form.headers["Location"]) == (303, f"{article.url}#comment-{posted['id']}")
