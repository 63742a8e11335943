"""API tokens over HTTP: shown once, expiry, last use, revocation."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from services.ingestion.app import STORE
from services.ingestion.settings import IngestionSettings
from shared.times import now, rfc3339
from tests.support.ingestion import IngestionClient, Json, pointers, running_ingestion
from tests.support.people import MovedClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCK = MovedClock()
SENT: Json = {"name": "Wire import", "role": "editor"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(
    ingestion_settings: IngestionSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[IngestionClient]:
    """An admin's client of a running service whose time the tests move."""
    async with running_ingestion(ingestion_settings, tmp_path_factory.mktemp("ingestion"), CLOCK) as running:
        yield running


@pytest.fixture(autouse=True)
def present() -> None:
    """Each test begins at the present time."""
    CLOCK.ahead = timedelta()


async def _status(admin: IngestionClient, token: object) -> int:
    answer = await admin.client.get("/v1/articles", headers={"Authorization": f"Bearer {token}"})
    return answer.status


async def _listed(admin: IngestionClient, token_id: object) -> Json:
    items = (await admin.ask("GET", "/v1/tokens?limit=100"))["items"]
    assert isinstance(items, list)
    found: Json = next(item for item in items if item["id"] == token_id)
    return found


async def test_new_token_is_shown_once_and_works(admin: IngestionClient) -> None:
    made = await admin.ask("POST", "/v1/tokens", SENT, wanted=201)

    assert set(made) == {
        "id", "name", "role", "created_at", "expires_at", "last_used_at", "revoked_at", "token",
    }  # fmt: skip
    assert (made["name"], made["role"], made["expires_at"], made["revoked_at"]) == ("Wire import", "editor", None, None)
    assert await _status(admin, made["token"]) == 200
    assert str(made["token"]) not in await (await admin.call("GET", "/v1/tokens?limit=100")).text()
    assert {**await _listed(admin, made["id"]), "token": made["token"], "last_used_at": None} == made


async def test_token_ends_at_its_time(admin: IngestionClient) -> None:
    ends = rfc3339(now() + timedelta(days=30))
    made = await admin.ask("POST", "/v1/tokens", {**SENT, "expires_at": ends}, wanted=201)

    assert made["expires_at"] == ends
    CLOCK.ahead = timedelta(days=29)
    assert await _status(admin, made["token"]) == 200
    CLOCK.ahead = timedelta(days=30)
    assert await _status(admin, made["token"]) == 401
    assert (await _listed(admin, made["id"]))["revoked_at"] is None


async def test_use_is_recorded_at_most_once_a_minute(admin: IngestionClient) -> None:
    made = await admin.ask("POST", "/v1/tokens", SENT, wanted=201)
    seen = [(await _listed(admin, made["id"]))["last_used_at"]]
    for ahead in (timedelta(), timedelta(seconds=50), timedelta(seconds=70)):
        CLOCK.ahead = ahead
        assert await _status(admin, made["token"]) == 200
        seen.append((await _listed(admin, made["id"]))["last_used_at"])

    assert seen[0] is None
    assert seen[1] is not None
    assert seen[1] == seen[2] != seen[3]


async def test_revoked_token_is_refused_and_stays_in_the_list(admin: IngestionClient) -> None:
    made = await admin.ask("POST", "/v1/tokens", SENT, wanted=201)
    path = f"/v1/tokens/{made['id']}"

    assert (await admin.call("DELETE", path)).status == 204

    assert await _status(admin, made["token"]) == 401
    revoked_at = (await _listed(admin, made["id"]))["revoked_at"]
    assert revoked_at is not None
    CLOCK.ahead = timedelta(hours=1)
    assert (await admin.call("DELETE", path)).status == 204
    assert (await _listed(admin, made["id"]))["revoked_at"] == revoked_at
    assert (await admin.call("DELETE", f"/v1/tokens/{'0' * 26}")).status == 404


async def test_token_of_the_token_file_is_not_revoked(admin: IngestionClient) -> None:
    own = next(one for one in await admin.store.tokens.list() if one.from_file and one.revoked_at is None)

    problem = await admin.ask("DELETE", f"/v1/tokens/{own.owner.token_id}", wanted=409)

    assert "WM_ADMIN_TOKEN_FILE" in str(problem["detail"])
    assert await _status(admin, admin.token) == 200


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": None}, "/name"),
        ({"role": "owner"}, "/role"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": 4102444800}, "/expires_at"),
        ({"token": "wm_mine"}, "/token"),
    ],
)
async def test_wrong_field_is_named_and_no_token_is_made(
    admin: IngestionClient, fields: dict[str, object], pointer: str
) -> None:
    before = await admin.store.tokens.list()

    problem = await admin.ask("POST", "/v1/tokens", {**SENT, **fields}, wanted=422)

    assert pointers(problem) == [pointer]
    assert len(await admin.store.tokens.list()) == len(before)


async def test_same_key_shows_the_same_token_which_the_database_does_not_have(admin: IngestionClient) -> None:
    key = uuid4().hex

    first = await admin.ask("POST", "/v1/tokens", SENT, wanted=201, Idempotency_Key=key)
    again = await admin.ask("POST", "/v1/tokens", SENT, wanted=201, Idempotency_Key=key)

    assert again == first
    assert await _status(admin, again["token"]) == 200
    kept = await admin.client.app[STORE].answers.collection.find({}).to_list(None)
    assert str(first["id"]) in str(kept)
    assert str(first["token"]) not in str(kept)
    assert (await admin.call("POST", "/v1/tokens", {**SENT, "role": "admin"}, Idempotency_Key=key)).status == 422


async def test_list_has_pages(admin: IngestionClient) -> None:
    for _ in range(3):
        await admin.ask("POST", "/v1/tokens", SENT, wanted=201)
    everything = await admin.ask("GET", "/v1/tokens?limit=100")

    found: list[object] = []
    cursor: object = ""
    while cursor is not None:
        page = await admin.ask("GET", f"/v1/tokens?limit=2&cursor={cursor}")
        assert isinstance(page["items"], list)
        found += page["items"]
        cursor = page["next_cursor"]

    assert found == everything["items"]
    assert (await admin.call("GET", "/v1/tokens?cursor=abc")).status == 400
    assert (await admin.call("GET", "/v1/tokens?nmae=a")).status == 422


async def test_guessed_tokens_are_refused_before_they_are_looked_up(admin: IngestionClient) -> None:
    there = {"X-Forwarded-For": "203.0.113.9"}

    async def ask(token: str, headers: Mapping[str, str]) -> int:
        headers = {**headers, "Authorization": f"Bearer {token}"}
        return (await admin.client.get("/v1/articles?limit=1", headers=headers)).status

    assert await ask(admin.token, there) == 200
    guesses = [await ask(f"wm_guess{number}", there) for number in range(200)]

    assert guesses[:60] == [401] * 60
    assert guesses.count(429) > 40
    assert await ask(admin.token, there) == 200
    assert await ask("wm_guess", {"X-Forwarded-For": "198.51.100.9"}) == 401
    assert [await ask(f"wm_service{number}", {}) for number in range(80)] == [401] * 80, "not from the edge"
