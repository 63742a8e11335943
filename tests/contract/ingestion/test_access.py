"""Who may do what, wrong input of every kind, and repetitions under one key."""

import asyncio
import string
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.roles import ALLOWED, ROLES, Right, Role
from services.ingestion.settings import IngestionSettings
from tests.support.ingestion import DRAFT, Desk, Json, running_desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(kafka_url: str, mongo_url: str, embedded_kafka: bool) -> IngestionSettings:
    return IngestionSettings(
        kafka=kafka_url,
        mongo=mongo_url,
        kafka_idempotence=not embedded_kafka,
        ingestion_database=f"test_{uuid4().hex[:12]}",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(told: IngestionSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with running_desk(told, tmp_path_factory.mktemp("desk")) as running:
        yield running


CALLS: dict[Right, tuple[str, str, Json | None]] = {
    "read": ("GET", "/v1/articles/{published}", None),
    "create": ("POST", "/v1/articles", DRAFT),
    "edit drafts": ("PUT", "/v1/articles/{draft}", DRAFT),
    "edit": ("PUT", "/v1/articles/{published}", DRAFT),
    "publish": ("POST", "/v1/articles/{draft}/publish", {}),
    "correct": ("POST", "/v1/articles/{published}/correct", {"note": "n"}),
    "withdraw": ("POST", "/v1/articles/{published}/withdraw", {"reason": "r"}),
    "back-date": ("POST", "/v1/articles/{draft}/publish", {"published_at": "2024-01-01T00:00:00Z"}),
}


@pytest.mark.parametrize("right", CALLS)
@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_do_what_its_row_says_and_nothing_else(desk: Desk, role: Role, right: Right) -> None:
    draft, published = await desk.create(), await desk.act(await desk.create(), "publish")
    method, path, body = CALLS[right]
    person = await desk.as_role(role)
    version = (published if "{published}" in path else draft)["version"]

    answer = await person.call(method, path.format(draft=draft["id"], published=published["id"]), body, match=version)

    assert answer.status in ((200, 201) if right in ALLOWED[role] else (403,)), await answer.text()
    if answer.status == 403:
        assert answer.content_type == "application/problem+json"
        assert await desk.ask("GET", f"/v1/articles/{draft['id']}") == draft
        assert await desk.ask("GET", f"/v1/articles/{published['id']}") == published


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer nobody", "Basic YTpi", "Bearer \u00fc"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/articles"), ("POST", "/v1/articles"), ("GET", "/internal/token")]
)
async def test_without_a_good_token_nothing_is_shown_or_done(
    desk: Desk, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = await desk.client.request(method, path, headers=headers)

    assert (answer.status, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_other_services_are_told_whose_a_token_is(desk: Desk) -> None:
    moderator = await desk.as_role("moderator")

    assert await moderator.ask("GET", "/internal/token") == {"name": "the moderator", "role": "moderator"}


async def test_a_revoked_token_is_refused_and_no_token_is_kept_in_clear(desk: Desk) -> None:
    reporter = await desk.as_role("reporter")
    entry = (await desk.store.tokens.list())[-1]

    assert await desk.store.tokens.revoke(entry.person.token_id, entry.created_at)

    assert (await reporter.call("GET", "/v1/articles")).status == 401
    assert not await desk.store.tokens.revoke(entry.person.token_id, entry.created_at)
    assert reporter.token not in str(await desk.store.tokens.list())


async def test_another_token_in_the_file_replaces_the_one_before(told: IngestionSettings, tmp_path: Path) -> None:
    settings = told.model_copy(update={"ingestion_database": f"test_{uuid4().hex[:12]}"})
    async with running_desk(settings, tmp_path) as before:
        assert (await before.call("GET", "/v1/articles")).status == 200
        by_hand = await before.as_role("editor")

    async with running_desk(settings, tmp_path) as after:
        assert (await after.call("GET", "/v1/articles")).status == 200
        for earlier, status in ((before, 401), (by_hand, 200)):
            headers = {"Authorization": f"Bearer {earlier.token}"}
            assert (await after.client.get("/v1/articles", headers=headers)).status == status


async def test_the_same_key_gives_the_first_answer_again(desk: Desk) -> None:
    key = uuid4().hex
    first = await desk.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)
    again = await desk.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)

    assert (first.status, await first.json()) == (again.status, await again.json())
    assert [first.headers[name] for name in ("ETag", "Location")] == [
        again.headers[name] for name in ("ETag", "Location")
    ]
    article = await first.json()
    path = f"/v1/articles/{article['id']}/publish"
    published = [await desk.ask("POST", path, {}, match=1, Idempotency_Key=f"{key}-p") for _ in range(3)]
    assert published[0] == published[1] == published[2]
    assert published[0]["version"] == 2


async def test_the_same_key_with_another_body_or_call_is_422(desk: Desk) -> None:
    key = uuid4().hex
    article = await desk.ask("POST", "/v1/articles", DRAFT, wanted=201, Idempotency_Key=key)

    other_body = await desk.call("POST", "/v1/articles", {**DRAFT, "headline": "Other"}, Idempotency_Key=key)
    other_call = await desk.call("PUT", f"/v1/articles/{article['id']}", DRAFT, match=1, Idempotency_Key=key)
    of_another = await (await desk.as_role("editor")).call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)

    assert [other_body.status, other_call.status, of_another.status] == [422, 422, 201]


async def test_duplicates_at_once_do_the_thing_once(desk: Desk) -> None:
    key = uuid4().hex
    created = await asyncio.gather(
        *(desk.ask("POST", "/v1/articles", DRAFT, wanted=201, Idempotency_Key=key) for _ in range(5))
    )
    assert len({article["id"] for article in created}) == 1

    path = f"/v1/articles/{created[0]['id']}"
    for method, suffix, body in (("PUT", "", DRAFT), ("POST", "/publish", {}), ("POST", "/correct", {"note": "n"})):
        match = (await desk.ask("GET", path))["version"]
        answers = await asyncio.gather(
            *(
                desk.ask(method, path + suffix, body, match=match, Idempotency_Key=f"{key}{method}{suffix}")
                for _ in range(5)
            )
        )
        assert all(answer == answers[0] for answer in answers)
    assert (await desk.ask("GET", path))["version"] == 4


async def test_a_refused_request_leaves_its_key_free(desk: Desk) -> None:
    key = uuid4().hex
    await desk.ask("POST", "/v1/articles", {**DRAFT, "headline": ""}, wanted=422, Idempotency_Key=key)

    assert (await desk.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)).status == 201


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_malformed_key_is_422(desk: Desk, key: str) -> None:
    assert (await desk.call("POST", "/v1/articles", DRAFT, Idempotency_Key=key)).status == 422


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
async def test_wrong_input_of_each_kind_names_its_field_and_stores_nothing(desk: Desk, name: str) -> None:
    before = await desk.store.articles.count()
    article = await desk.create()
    loop = asyncio.get_running_loop()

    async def refused(value: object) -> None:
        for method, path in (("POST", "/v1/articles"), ("PUT", f"/v1/articles/{article['id']}")):
            problem = await desk.ask(method, path, {**SENT, name: value}, match=1, wanted=422)
            errors = problem["errors"]
            assert isinstance(errors, list)
            assert all(error["pointer"].split("/")[1] == name and error["detail"] for error in errors)

    @settings(max_examples=12, deadline=None)
    @given(WRONG[name])
    def check(value: object) -> None:
        asyncio.run_coroutine_threadsafe(refused(value), loop).result(20)

    await asyncio.to_thread(check)

    listed = await desk.ask("GET", "/v1/articles?limit=1")
    assert isinstance(listed["items"], list)
    assert listed["items"][0] == article
    assert await desk.store.articles.count() == before + 1
