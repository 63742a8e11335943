"""Wrong input to the comments service: the field is named, nothing is stored, and nothing is ever a failure of ours."""

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
from tests.support.comments import House, open_house, written
from tests.support.polling import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def article(house: House) -> ArticleState:
    """An article that takes comments, in a house that lets all be seen."""
    await house.set_mode("post")
    article = await house.publish_article()
    await house.listed(article.id)
    return article


async def _send(house: House, article: ArticleState, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    response = await house.client.post(f"/v1/articles/{article.id}/comments", data=body, headers=headers)
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
async def test_a_body_that_cannot_be_read_is_refused(
    house: House, article: ArticleState, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = await house.store.comments.count()

    answered, _ = await _send(house, article, body, headers)

    assert answered == status
    assert await house.store.comments.count() == before


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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=_wrong_fields())
async def test_each_wrong_field_is_named_and_nothing_is_stored(
    house: House, article: ArticleState, wrong: dict[str, object]
) -> None:
    before = await house.store.comments.count()

    status, problem = await _send(house, article, json.dumps({**written(), **wrong}).encode(), JSON)

    unknown_parent = wrong.get("parent_id") == "no-such-comment"
    named = set(wrong) - ({"parent_id"} if unknown_parent and len(wrong) > 1 else set())
    assert status == 422
    assert {error["pointer"].split("/")[1] for error in problem["errors"]} == named
    assert await house.store.comments.count() == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["name", "email", "body", "website", "parent_id", "x"]), st.text(max_size=30), max_size=6
    ),
    as_form=st.booleans(),
)
async def test_whatever_is_sent_is_taken_or_refused_with_a_reason(
    house: House, article: ArticleState, fields: dict[str, str], as_form: bool
) -> None:
    body = urlencode(fields, errors="ignore").encode() if as_form else json.dumps(fields).encode()

    status, _ = await _send(house, article, body, FORM if as_form else JSON)

    assert status in (201, 303, 400, 404, 422)


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("?sort=best", 422, "?sort"),
        ("?limit=0", 422, "?limit"),
        ("?limit=101", 422, "?limit"),
        ("?limit=ten", 422, "?limit"),
        ("?cursor=nonsense", 400, "?cursor"),
        ("?cursor=WzFd", 400, "?cursor"),
        ("?cursor=WyJ4Il0", 400, "?cursor"),
        ("?page=2", 422, "?page"),
    ],
)
async def test_a_wrong_parameter_is_named(
    house: House, article: ArticleState, query: str, status: int, pointer: str
) -> None:
    response = await house.client.get(f"/v1/articles/{article.id}/comments{query}")

    assert response.status == status
    assert [error["pointer"] for error in (await response.json())["errors"]] == [pointer]


@pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel"])
async def test_a_malformed_idempotency_key_is_refused(house: House, article: ArticleState, key: str) -> None:
    response = await house.client.post(
        f"/v1/articles/{article.id}/comments", json=written(), headers={"Idempotency-Key": key}
    )

    assert response.status == 422


async def test_a_method_that_is_not_there_is_405(house: House, article: ArticleState) -> None:
    response = await house.client.delete(f"/v1/articles/{article.id}/comments")

    assert (response.status, response.content_type) == (405, "application/problem+json")


async def test_too_many_comments_of_one_visitor_are_429_and_others_are_taken(
    comments_settings: CommentsSettings,
) -> None:
    limited = comments_settings.model_copy(update={"rate_limits": "on", "comments_rate": "2/minute"})
    async with open_house(limited, f"test_{id(limited)}") as house:
        article = await house.publish_article()
        path = f"/v1/articles/{article.id}/comments"

        async def send(address: str, **headers: str) -> Any:
            return await house.client.post(
                path, json=written(), headers={"X-Forwarded-For": f"192.0.2.77, {address}", **headers}
            )

        visitor = f"2001:db8:{id(limited) % 65536:x}:1::"
        first, second, third = [await send(f"{visitor}{n}") for n in range(1, 4)]
        other = await send(f"2001:db8:{id(limited) % 65536:x}:2::1")
        editor = await send(f"{visitor}1", **house.bearer("editor"))

    assert [answer.status for answer in (first, second, third, other, editor)] == [201, 201, 429, 201, 201]
    assert third.content_type == "application/problem+json"
    assert 1 <= int(third.headers["Retry-After"]) <= 60


async def test_a_burst_of_comments_at_once_is_counted_like_one_after_the_other(
    comments_settings: CommentsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine Redis answers late, and a comment whose turn does not come in time is let through.
    monkeypatch.setattr("services.comments.rate_limiter._PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr("services.comments.rate_limiter._TURN_WITHIN_S", PATIENCE_S)
    limited = comments_settings.model_copy(update={"rate_limits": "on", "comments_rate": "2/hour"})
    async with open_house(limited, f"test_{id(limited)}") as house:
        article = await house.publish_article()
        path = f"/v1/articles/{article.id}/comments"
        visitor = {"X-Forwarded-For": f"2001:db8:{id(limited) % 65536:x}:3::1"}
        await house.listed(article.id)

        answers = await asyncio.gather(*(house.client.post(path, json=written(), headers=visitor) for _ in range(80)))

    assert sorted(answer.status for answer in answers) == [201] * 2 + [429] * 78


async def test_without_redis_comments_are_let_through(comments_settings: CommentsSettings) -> None:
    limited = comments_settings.model_copy(update={"rate_limits": "on", "redis": "redis://127.0.0.1:9"})
    async with open_house(limited, f"test_{id(limited)}") as house:
        article = await house.publish_article()

        assert (await house.post(article.id))["id"]
