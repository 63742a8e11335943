"""The same text again: one comment within two minutes, in every process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
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
from shared.errors import Unavailable
from shared.topics import ARTICLES
from tests.support.comments import CommentsService, written
from tests.support.kafka import new_group_at_end
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
Client = TestClient[web.Request, web.Application]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def second(comments: CommentsService, comments_settings: CommentsSettings) -> AsyncIterator[Client]:
    """Another instance of the service, on the same database. Neither client keeps cookies."""
    settings = comments_settings.model_copy(update={"instance": "2"})
    group = await new_group_at_end(settings.kafka, "comments", ARTICLES)
    app = create_app(settings, database=comments.store.database.name, group=group)
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


async def test_commit_whose_answer_was_lost_is_in_lists_and_queues_of_all_instances(
    comments: CommentsService, second: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await comments.set_mode("post")
    article, sent = await comments.publish_article(), written()
    for client in (comments.client, second):
        await _listed(client, article.id)

    with _commits(comments, monkeypatch, lost=True):
        assert (await _send(comments.client, article.id, sent))[0] == 503
    await _until_listed([comments.client, second], article.id, [sent["body"]])
    posted = (await _send(comments.client, article.id, sent))[1]
    url, token = f"/v1/comments/{posted['id']}", {"Authorization": f"Comment {posted['edit_token']}"}
    with _commits(comments, monkeypatch, lost=True):
        assert (await comments.client.patch(url, json={"body": "Edited."}, headers=token)).status == 503
    await _until_listed([comments.client, second], article.id, ["Edited."])
    with _commits(comments, monkeypatch, lost=True):
        assert (await comments.client.delete(url, headers=token)).status == 503
    await _until_listed([comments.client, second], article.id, [])


async def test_repetition_names_what_a_killed_process_stored_without_a_note(
    comments: CommentsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await comments.set_mode("post")
    article, sent, other = await comments.publish_article(), written(), written()
    client, key = comments.client, {"Idempotency-Key": uuid4().hex}
    assert await _listed(client, article.id) == []

    with _commits(comments, monkeypatch, noted=False):
        posted = (await _send(client, article.id, sent, **key))[1]
        await _send(client, article.id, other)
    assert await _listed(client, article.id) == []
    await _send(client, article.id, sent, **key)
    assert sent["body"] in await _listed(client, article.id)
    await _send(client, article.id, other)
    assert await _listed(client, article.id) == [sent["body"], other["body"]]

    url, token = f"/v1/comments/{posted['id']}", {"Authorization": f"Comment {posted['edit_token']}"}
    for method, body, after in (
        ("PATCH", {"body": "Edited."}, ["Edited.", other["body"]]),
        ("DELETE", None, [other["body"]]),
    ):
        before = await _listed(client, article.id)
        with _commits(comments, monkeypatch, noted=False):
            assert (await client.request(method, url, json=body, headers=token)).ok
        assert await _listed(client, article.id) == before
        assert (await client.request(method, url, json=body, headers=token)).ok
        assert await _listed(client, article.id) == after


async def test_repeated_comment_that_waits_is_in_the_queue(
    comments: CommentsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await comments.set_mode("pre")
    article, sent = await comments.publish_article(), written()
    before = await _waiting(comments)

    with _commits(comments, monkeypatch, noted=False):
        await _send(comments.client, article.id, sent)
    assert await _waiting(comments) == before
    await _send(comments.client, article.id, sent)

    assert await _waiting(comments) == before + 1


@contextmanager
def _commits(
    comments: CommentsService, monkeypatch: pytest.MonkeyPatch, *, lost: bool = False, noted: bool = True
) -> Iterator[None]:
    """Commits as a client sees them when MongoDB ends after a commit (`lost`), or the process before its notes (`noted`)."""
    store, commit = comments.store, comments.store.mongo.transaction

    async def lose(*args: Any, **options: Any) -> None:
        await commit(*args, **options)
        raise Unavailable("MongoDB ended after the commit")

    async def forget(*_: object) -> None: ...

    with monkeypatch.context() as patch:
        if lost:
            patch.setattr(store.mongo, "transaction", lose)
        if not noted:
            patch.setattr(store.queues, "note", lambda *_: None)
            patch.setattr(store.discussions, "note", forget)
        yield


async def _listed(client: Client, article_id: str) -> list[str]:
    async with client.get(f"/v1/articles/{article_id}/comments") as answer:
        return [item["body"] for item in (await answer.json()).get("items", [])]


async def _until_listed(clients: list[Client], article_id: str, bodies: list[str]) -> None:
    async def is_listed() -> bool:
        return all([await _listed(client, article_id) == bodies for client in clients])

    await eventually(is_listed, what=f"all instances list {bodies}")


async def _waiting(comments: CommentsService) -> int:
    async with comments.client.get("/v1/comments/counts", headers=comments.bearer()) as answer:
        return int((await answer.json())["pending"])
