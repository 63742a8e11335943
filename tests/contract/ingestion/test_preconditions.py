"""Preconditions of changes and reads: If-Match, If-None-Match, allowed transitions."""

import asyncio

import pytest

from tests.support.ingestion import DRAFT, IngestionClient, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("history", "action", "body"),
    [
        ([], "correct", {"note": "n"}),
        ([], "withdraw", {"reason": "r"}),
        ([("publish", {}), ("withdraw", {"reason": "r"})], "withdraw", {"reason": "again"}),
        ([("publish", {}), ("withdraw", {"reason": "r"})], "correct", {"note": "n"}),
    ],
)
async def test_impossible_transition_is_409_and_changes_nothing(
    ingestion: IngestionClient, history: list[tuple[str, Json]], action: str, body: Json
) -> None:
    article = await ingestion.create()
    for done, sent in history:
        article = await ingestion.act(article, done, sent)

    problem = await ingestion.act(article, action, body, wanted=409)

    assert problem["status"] == 409
    assert await ingestion.ask("GET", f"/v1/articles/{article['id']}") == article


CHANGES: list[tuple[str, str, Json]] = [
    ("PUT", "", DRAFT),
    ("POST", "/publish", {}),
    ("POST", "/correct", {"note": "n"}),
    ("POST", "/withdraw", {"reason": "r"}),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_each_change_needs_the_current_version(
    ingestion: IngestionClient, method: str, path: str, body: Json
) -> None:
    article = await ingestion.act(await ingestion.create(), "publish")
    address = f"/v1/articles/{article['id']}{path}"

    missing = await ingestion.call(method, address, body)
    stale = await ingestion.call(method, address, body, match=1)
    malformed = await ingestion.call(method, address, body, If_Match='W/"2"')
    done = await ingestion.call(method, address, body, match=2)

    assert [missing.status, stale.status, malformed.status, done.status] == [428, 412, 412, 200]
    assert missing.content_type == stale.content_type == "application/problem+json"
    assert (done.headers["ETag"], (await done.json())["version"]) == ('"3"', 3)


@pytest.mark.parametrize(
    ("given", "status"),
    [('"1", "2"', 200), ('"1","2"', 200), ("*", 200), ('"02"', 412), ("2", 412), ('"1", W/"2"', 412), ('"1, 2"', 412)],
)
async def test_if_match_is_a_list_of_exact_tags(ingestion: IngestionClient, given: str, status: int) -> None:
    article = await ingestion.act(await ingestion.create(), "publish")

    answer = await ingestion.call("POST", f"/v1/articles/{article['id']}/publish", {}, If_Match=given)

    assert answer.status == status


async def test_matching_if_none_match_is_304_without_body(ingestion: IngestionClient) -> None:
    article = await ingestion.act(await ingestion.create(), "publish")
    address = f"/v1/articles/{article['id']}"

    answers = [await ingestion.call("GET", address, If_None_Match=tag) for tag in ('"2"', 'W/"2", "7"', "*", '"1"')]

    assert [answer.status for answer in answers] == [304, 304, 304, 200]
    assert {answer.headers["ETag"] for answer in answers} == {'"2"'}
    assert [await answer.read() for answer in answers[:3]] == [b"", b"", b""]


async def test_one_of_concurrent_changes_wins_and_others_are_412(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Everyone edits")
    path = f"/v1/articles/{article['id']}"

    answers = await asyncio.gather(
        *(ingestion.call("PUT", path, {**DRAFT, "headline": f"Edit {number}"}, match=1) for number in range(6))
    )

    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412, 412, 412]
    taken = next(answer for answer in answers if answer.status == 200)
    assert await ingestion.ask("GET", path) == await taken.json()
