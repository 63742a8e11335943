"""Rights of roles, idempotency keys, and wrong input of every field."""

import asyncio
import string
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.people.roles import ALLOWED, ROLES, Right, Role
from services.ingestion.settings import IngestionSettings
from shared.times import now, rfc3339
from tests.support.examples import examples
from tests.support.ingestion import DRAFT, IngestionClient, Json, running_ingestion

pytestmark = pytest.mark.asyncio(loop_scope="module")


FAR_AHEAD = rfc3339(now() + timedelta(days=300))
CALLS: dict[Right, tuple[str, str, Json | None]] = {
    "read": ("GET", "/v1/articles/{published}", None),
    "create": ("POST", "/v1/articles", DRAFT),
    "edit drafts": ("PUT", "/v1/articles/{draft}", DRAFT),
    "edit": ("PUT", "/v1/articles/{published}", DRAFT),
    "publish": ("POST", "/v1/articles/{draft}/publish", {}),
    "correct": ("POST", "/v1/articles/{published}/correct", {"note": "n"}),
    "withdraw": ("POST", "/v1/articles/{published}/withdraw", {"reason": "r"}),
    "submit": ("POST", "/v1/articles/{draft}/submit", {}),
    "schedule": ("POST", "/v1/articles/{draft}/schedule", {"publish_at": FAR_AHEAD}),
    "return": ("POST", "/v1/articles/{submitted}/return", {"note": "n"}),
    "lift embargo": ("PUT", "/v1/articles/{closed}", {**DRAFT, "embargo_until": None}),
    "back-date": ("POST", "/v1/articles/{draft}/publish", {"published_at": "2024-01-01T00:00:00Z"}),
    "tokens": ("GET", "/v1/tokens", None),
    "audit": ("GET", "/v1/audit", None),
}


async def _published(ingestion: IngestionClient) -> Json:
    return await ingestion.act(await ingestion.create(), "publish")


async def _submitted(ingestion: IngestionClient) -> Json:
    return await ingestion.act(await ingestion.create(), "submit")


async def _closed(ingestion: IngestionClient) -> Json:
    return await ingestion.create(embargo_until=FAR_AHEAD)


ARTICLES: dict[str, Callable[[IngestionClient], Awaitable[Json]]] = {
    "draft": IngestionClient.create,
    "published": _published,
    "submitted": _submitted,
    "closed": _closed,
}


@pytest.mark.parametrize("right", CALLS)
@pytest.mark.parametrize("role", ROLES)
async def test_role_has_exactly_the_rights_of_its_row(ingestion: IngestionClient, role: Role, right: Right) -> None:
    method, path, body = CALLS[right]
    articles = {name: await make(ingestion) for name, make in ARTICLES.items() if f"{{{name}}}" in path}
    client = await ingestion.as_role(role)
    version = next((article["version"] for article in articles.values()), None)
    ids = {name: article["id"] for name, article in articles.items()}
    answer = await client.call(method, path.format(**ids), body, match=version)

    assert answer.status in ((200, 201) if right in ALLOWED[role] else (403,)), await answer.text()
    if answer.status == 403:
        assert answer.content_type == "application/problem+json"
        for article in articles.values():
            assert await ingestion.ask("GET", f"/v1/articles/{article['id']}") == article


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer nobody", "Basic YTpi", "Bearer \u00fc"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/articles"), ("POST", "/v1/articles"), ("GET", "/internal/token")]
)
async def test_request_without_valid_token_is_401(
    ingestion: IngestionClient, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = await ingestion.client.request(method, path, headers=headers)

    assert (answer.status, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_internal_route_names_the_token_owner(ingestion: IngestionClient) -> None:
    moderator = await ingestion.as_role("moderator")

    answer = await moderator.ask("GET", "/internal/token")

    assert (answer["name"], answer["role"], answer["via"]) == ("the moderator", "moderator", "token")
    assert answer["id"] in [entry.owner.token_id for entry in await ingestion.store.tokens.list()]


async def test_revoked_token_is_refused_and_lists_hide_tokens(ingestion: IngestionClient) -> None:
    reporter = await ingestion.as_role("reporter")
    entry = (await ingestion.store.tokens.list())[-1]

    assert await ingestion.store.tokens.revoke(entry.owner.token_id, entry.created_at)

    assert (await reporter.call("GET", "/v1/articles")).status == 401
    assert not await ingestion.store.tokens.revoke(entry.owner.token_id, entry.created_at)
    assert reporter.token not in str(await ingestion.store.tokens.list())


async def test_new_token_in_file_replaces_the_previous_one(
    ingestion_settings: IngestionSettings, tmp_path: Path
) -> None:
    settings = ingestion_settings.model_copy(update={"ingestion_database": f"test_{uuid4().hex[:12]}"})
    async with running_ingestion(settings, tmp_path) as before:
        assert (await before.call("GET", "/v1/articles")).status == 200
        by_hand = await before.as_role("editor")

    async with running_ingestion(settings, tmp_path) as after:
        assert (await after.call("GET", "/v1/articles")).status == 200
        for earlier, status in ((before, 401), (by_hand, 200)):
            headers = {"Authorization": f"Bearer {earlier.token}"}
            assert (await after.client.get("/v1/articles", headers=headers)).status == status


async def test_same_key_repeats_the_first_answer(ingestion: IngestionClient) -> None:
    key = uuid4().hex
    first = await ingestion.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)
    again = await ingestion.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)

    assert (first.status, await first.json()) == (again.status, await again.json())
    assert [first.headers[name] for name in ("ETag", "Location")] == [
        again.headers[name] for name in ("ETag", "Location")
    ]
    article = await first.json()
    path = f"/v1/articles/{article['id']}/publish"
    published = [await ingestion.ask("POST", path, {}, match=1, Idempotency_Key=f"{key}-p") for _ in range(3)]
    assert published[0] == published[1] == published[2]
    assert published[0]["version"] == 2


async def test_same_key_with_another_body_or_call_is_422(ingestion: IngestionClient) -> None:
    key = uuid4().hex
    article = await ingestion.ask("POST", "/v1/articles", DRAFT, wanted=201, Idempotency_Key=key)

    other_body = await ingestion.call("POST", "/v1/articles", {**DRAFT, "headline": "Other"}, Idempotency_Key=key)
    other_call = await ingestion.call("PUT", f"/v1/articles/{article['id']}", DRAFT, match=1, Idempotency_Key=key)
    of_another = await (await ingestion.as_role("editor")).call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)

    assert [other_body.status, other_call.status, of_another.status] == [422, 422, 201]


async def test_concurrent_duplicates_are_applied_once(ingestion: IngestionClient) -> None:
    key = uuid4().hex
    created = await asyncio.gather(
        *(ingestion.ask("POST", "/v1/articles", DRAFT, wanted=201, Idempotency_Key=key) for _ in range(5))
    )
    assert len({article["id"] for article in created}) == 1

    path = f"/v1/articles/{created[0]['id']}"
    for method, suffix, body in (("PUT", "", DRAFT), ("POST", "/publish", {}), ("POST", "/correct", {"note": "n"})):
        match = (await ingestion.ask("GET", path))["version"]
        answers = await asyncio.gather(
            *(
                ingestion.ask(method, path + suffix, body, match=match, Idempotency_Key=f"{key}{method}{suffix}")
                for _ in range(5)
            )
        )
        assert all(answer == answers[0] for answer in answers)
    assert (await ingestion.ask("GET", path))["version"] == 4


async def test_refused_request_leaves_its_key_free(ingestion: IngestionClient) -> None:
    key = uuid4().hex
    await ingestion.ask("POST", "/v1/articles", {**DRAFT, "headline": ""}, wanted=422, Idempotency_Key=key)

    assert (await ingestion.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)).status == 201


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_malformed_key_is_422(ingestion: IngestionClient, key: str) -> None:
    assert (await ingestion.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)).status == 422


SENT: dict[str, object] = {
    **DRAFT,
    "standfirst": "s",
    "bylines": ["b"],
    "tags": ["t"],
    "language": "en",
    "lead_image": {"url": "/media/a.jpg", "alt": "a", "caption": "c", "credit": "d"},
}
SCALARS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
WRONG: dict[str, st.SearchStrategy[object]] = {
    "headline": st.one_of(
        SCALARS, st.none(), st.just(""), st.text(min_size=201, max_size=300, alphabet=string.ascii_letters)
    ),
    "section": st.one_of(SCALARS, st.none(), st.text(min_size=1, max_size=9, alphabet="xyz")),
    "body_markdown": st.one_of(SCALARS, st.none(), st.just(""), st.just("a\x00"), st.lists(st.text(), max_size=2)),
    "standfirst": st.one_of(SCALARS, st.none(), st.text(min_size=501, max_size=600, alphabet="ab")),
    "bylines": st.one_of(SCALARS, st.none(), st.text(), st.lists(SCALARS, min_size=1)),
    "tags": st.one_of(SCALARS, st.none(), st.text(), st.lists(SCALARS, min_size=1)),
    "slug": st.one_of(SCALARS, st.sampled_from(["", "A", "a b", "-a", "a/b", "../x"])),
    "language": st.one_of(SCALARS, st.sampled_from(["", "English", "e", "en_US"])),
    "lead_image": st.one_of(SCALARS, st.text(), st.fixed_dictionaries({"url": st.just("/a.jpg")})),
}


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_input_names_its_field_and_stores_nothing(ingestion: IngestionClient, name: str) -> None:
    before = await ingestion.store.articles.count()
    article = await ingestion.create()
    loop = asyncio.get_running_loop()

    async def refused(value: object) -> None:
        for method, path in (("POST", "/v1/articles"), ("PUT", f"/v1/articles/{article['id']}")):
            problem = await ingestion.ask(method, path, {**SENT, name: value}, match=1, wanted=422)
            errors = problem["errors"]
            assert isinstance(errors, list)
            assert all(error["pointer"].split("/")[1] == name and error["detail"] for error in errors)

    @settings(max_examples=examples(12), deadline=None)
    @given(WRONG[name])
    def check(value: object) -> None:
        asyncio.run_coroutine_threadsafe(refused(value), loop).result(20)

    await asyncio.to_thread(check)

    listed = await ingestion.ask("GET", "/v1/articles?limit=1")
    assert isinstance(listed["items"], list)
    assert listed["items"][0] == article
    assert await ingestion.store.articles.count() == before + 1
