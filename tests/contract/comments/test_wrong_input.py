"""Wrong input to the comments service: the field is named, nothing is stored, no answer is 5xx."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.comments.settings import CommentsSettings
from shared.events import ArticleState
from shared.http.app import LARGEST_BODY_BYTES
from tests.support.comments import CommentsService, running_comments, written
from tests.support.examples import examples
from tests.support.polling import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def article(comments: CommentsService) -> ArticleState:
    """An article that takes comments, with moderation off."""
    await comments.set_mode("post")
    article = await comments.publish_article()
    await comments.discussion(article.id)
    return article


async def _send(
    comments: CommentsService, article: ArticleState, body: bytes, headers: dict[str, str]
) -> tuple[int, Any]:
    response = await comments.client.post(f"/v1/articles/{article.id}/comments", data=body, headers=headers)
    if response.status < 400:
        return response.status, await response.read()
    assert response.content_type == "application/problem+json"
    problem = await response.json()
    assert problem["status"] == response.status
    assert {"type", "title", "status", "detail"} <= set(problem)
    return response.status, problem


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b"", JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b'{"name":"\\ud800"}', JSON, 400),
        (b"[" * 10_000, JSON, 400),
        (b"null", JSON, 422),
        (b"[]", JSON, 422),
        (b'"x"', JSON, 422),
        (b"{}", JSON, 422),
        (b"name=%ff", FORM, 400),
        (b"name=a&name=b", FORM, 400),
        (b"&".join(b"a%d=1" % n for n in range(60)), FORM, 400),
        (b"", FORM, 422),
        (b"name=a", {"Content-Type": "text/plain"}, 415),
        (b"name=a", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"x" * (LARGEST_BODY_BYTES + 1), JSON, 413),
    ],
)
async def test_unreadable_body_is_refused(
    comments: CommentsService, article: ArticleState, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = await comments.store.comments.count()

    answered, _ = await _send(comments, article, body, headers)

    assert answered == status
    assert await comments.store.comments.count() == before


WRONG: dict[str, list[object]] = {
    "name": ["", " ", "x" * 81, "a\x00", 1, None, [], True],
    "email": ["", "x", "x@y", "a@b.example\r\nBcc: c@d.example", 1, None, {"$ne": ""}],
    "body": ["", "\n", "x" * 5001, "\x1b", 1, None, {}],
    "website": ["x", "javascript:alert(1)", "http://", 1, []],
    "parent_id": ["no-such-comment", "x" * 65, 1, {"$gt": ""}],
    "nickname": ["x"],
}


def _wrong_fields() -> st.SearchStrategy[dict[str, object]]:
    return st.sets(st.sampled_from(sorted(WRONG)), min_size=1).flatmap(
        lambda names: st.fixed_dictionaries({name: st.sampled_from(WRONG[name]) for name in sorted(names)})
    )


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=_wrong_fields())
async def test_wrong_fields_are_named_and_nothing_is_stored(
    comments: CommentsService, article: ArticleState, wrong: dict[str, object]
) -> None:
    before = await comments.store.comments.count()

    status, problem = await _send(comments, article, json.dumps({**written(), **wrong}).encode(), JSON)

    unknown_parent = wrong.get("parent_id") == "no-such-comment"
    named = set(wrong) - ({"parent_id"} if unknown_parent and len(wrong) > 1 else set())
    assert status == 422
    assert {error["pointer"].split("/")[1] for error in problem["errors"]} == named
    assert await comments.store.comments.count() == before


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["name", "email", "body", "website", "parent_id", "x"]), st.text(max_size=30), max_size=6
    ),
    as_form=st.booleans(),
)
async def test_random_input_is_accepted_or_refused_with_a_reason(
    comments: CommentsService, article: ArticleState, fields: dict[str, str], as_form: bool
) -> None:
    body = urlencode(fields, errors="ignore").encode() if as_form else json.dumps(fields).encode()

    status, _ = await _send(comments, article, body, FORM if as_form else JSON)

    assert status in (201, 303, 400, 404, 422)


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("?sort=worst", 422, "?sort"),
        ("?limit=0", 422, "?limit"),
        ("?limit=101", 422, "?limit"),
        ("?limit=ten", 422, "?limit"),
        ("?cursor=nonsense", 400, "?cursor"),
        ("?cursor=WzFd", 400, "?cursor"),
        ("?cursor=WyJ4Il0", 400, "?cursor"),
        ("?page=2", 422, "?page"),
    ],
)
async def test_wrong_parameter_is_named(
    comments: CommentsService, article: ArticleState, query: str, status: int, pointer: str
) -> None:
    response = await comments.client.get(f"/v1/articles/{article.id}/comments{query}")

    assert response.status == status
    assert [error["pointer"] for error in (await response.json())["errors"]] == [pointer]


@pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel"])
async def test_malformed_idempotency_key_is_refused(comments: CommentsService, article: ArticleState, key: str) -> None:
    response = await comments.client.post(
        f"/v1/articles/{article.id}/comments", json=written(), headers={"Idempotency-Key": key}
    )

    assert response.status == 422


async def test_unknown_method_is_405(comments: CommentsService, article: ArticleState) -> None:
    response = await comments.client.delete(f"/v1/articles/{article.id}/comments")

    assert (response.status, response.content_type) == (405, "application/problem+json")


async def test_visitor_above_the_limit_is_429_and_others_are_not(
    comments_settings: CommentsSettings,
) -> None:
    limited = comments_settings.model_copy(update={"rate_limits": "on", "comments_rate": "2/minute"})
    async with running_comments(limited, f"test_{id(limited)}") as comments:
        article = await comments.publish_article()
        path = f"/v1/articles/{article.id}/comments"

        async def send(address: str, **headers: str) -> Any:
            return await comments.client.post(
                path, json=written(), headers={"X-Forwarded-For": f"192.0.2.77, {address}", **headers}
            )

        visitor = f"2001:db8:{id(limited) % 65536:x}:1::"
        first, second, third = [await send(f"{visitor}{n}") for n in range(1, 4)]
        other = await send(f"2001:db8:{id(limited) % 65536:x}:2::1")
        editor = await send(f"{visitor}1", **comments.bearer("editor"))

    assert [answer.status for answer in (first, second, third, other, editor)] == [201, 201, 429, 201, 201]
    assert third.content_type == "application/problem+json"
    assert 1 <= int(third.headers["Retry-After"]) <= 60


async def test_concurrent_burst_is_counted_exactly(
    comments_settings: CommentsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine Redis answers late, and a comment without a turn in time is counted by the process.
    monkeypatch.setattr("services.comments.access.rate_limiter._COUNT_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr("services.comments.access.rate_limiter._TURN_TIMEOUT_S", PATIENCE_S)
    limited = comments_settings.model_copy(update={"rate_limits": "on", "comments_rate": "2/hour"})
    async with running_comments(limited, f"test_{id(limited)}") as comments:
        article = await comments.publish_article()
        path = f"/v1/articles/{article.id}/comments"
        visitor = {"X-Forwarded-For": f"2001:db8:{id(limited) % 65536:x}:3::1"}
        await comments.discussion(article.id)

        answers = await asyncio.gather(
            *(comments.client.post(path, json=written(), headers=visitor) for _ in range(80))
        )

    assert sorted(answer.status for answer in answers) == [201] * 2 + [429] * 78


async def test_without_redis_the_process_limits_alone(comments_settings: CommentsSettings) -> None:
    changes = {"rate_limits": "on", "redis": "redis://127.0.0.1:9", "comments_rate": "2/hour"}
    limited = comments_settings.model_copy(update=changes)
    async with running_comments(limited, f"test_{id(limited)}") as comments:
        await comments.set_mode("post")
        article = await comments.publish_article()
        path = f"/v1/articles/{article.id}/comments"

        answers = [await comments.client.post(path, json=written()) for _ in range(3)]
        first = await answers[0].json()
        vote = await comments.client.post(f"/v1/comments/{first['id']}/vote", json={"value": 1})

    assert [answer.status for answer in answers] == [201, 201, 429]
    # Nobody could be held to one vote without the day's key.
    assert vote.status == 503
