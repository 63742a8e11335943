"""Sessions of the desk: sign-in, their ends, rotation, and the rule of origins for the cookie."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from services.ingestion.people.session_routes import SIGN_IN
from services.ingestion.people.sign_in import Visit
from services.ingestion.settings import IngestionSettings
from shared.errors import Problem
from tests.support.ingestion import DRAFT, running_ingestion
from tests.support.people import PASSWORD, Desk, MovedClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCK = MovedClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(ingestion_settings: IngestionSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """The desk at a running service whose time the tests move."""
    async with running_ingestion(ingestion_settings, tmp_path_factory.mktemp("ingestion"), CLOCK) as running:
        yield Desk(running)


@pytest.fixture(autouse=True)
def present() -> None:
    """Each test begins at the present time."""
    CLOCK.ahead = timedelta()


async def test_sign_in_answers_token_and_person(desk: Desk) -> None:
    person = await desk.person("reporter")

    answer = await desk.sign_in(person)

    assert answer["state"] == "signed-in"
    assert answer["person"] == {
        "id": person.id,
        "name": "the reporter",
        "email": person.email,
        "role": "reporter",
        "language": None,
        "has_totp": False,
        "passkeys": 0,
    }
    shown = await desk.ask("GET", "/internal/session", token=str(answer["token"]))
    assert (shown["person"], shown["replace_with"]) == (answer["person"], None)
    actor = await desk.ask("GET", "/internal/token", token=str(answer["token"]))
    assert actor == {"name": "the reporter", "role": "reporter", "id": person.id, "via": "session"}


async def test_address_is_found_in_any_case_of_letters(desk: Desk) -> None:
    person = await desk.person()

    answer = await desk.ask("POST", "/internal/sessions", {"email": person.email.upper(), "password": PASSWORD})

    assert answer["state"] == "signed-in"


async def test_every_wrong_sign_in_has_one_answer(desk: Desk) -> None:
    person, invited = await desk.person(), await desk.person(password=None)
    inactive = await desk.person(is_active=False)
    sent = [
        (person.email, PASSWORD + "x"),
        (inactive.email, PASSWORD),
        (invited.email, PASSWORD),
        ("nobody@newsroom.example", PASSWORD),
    ]

    answers = [
        await desk.ask("POST", "/internal/sessions", {"email": email, "password": password}, wanted=401)
        for email, password in sent
    ]

    assert all(answer == answers[0] for answer in answers)


async def test_session_ends_after_twelve_hours_without_use(desk: Desk) -> None:
    token = await desk.session(await desk.person())

    CLOCK.ahead = timedelta(hours=11)
    assert (await desk.call("GET", "/internal/session", token=token)).status == 200
    CLOCK.ahead = timedelta(hours=22, minutes=59)
    assert (await desk.call("GET", "/internal/session", token=token)).status == 200
    CLOCK.ahead = timedelta(hours=35)
    assert (await desk.call("GET", "/internal/session", token=token)).status == 401
    assert (await desk.call("GET", "/v1/articles", token=token)).status == 401


async def test_session_in_use_ends_after_fourteen_days(desk: Desk) -> None:
    token = await desk.session(await desk.person())

    for hours in range(10, 14 * 24, 10):
        CLOCK.ahead = timedelta(hours=hours)
        assert (await desk.call("GET", "/internal/session", token=token)).status == 200
    CLOCK.ahead = timedelta(days=14, seconds=1)

    assert (await desk.call("GET", "/internal/session", token=token)).status == 401


async def test_signed_out_session_is_refused(desk: Desk) -> None:
    person = await desk.person()
    token, other = await desk.session(person), await desk.session(person)

    assert (await desk.call("DELETE", "/internal/session", token=token)).status == 204

    assert (await desk.call("GET", "/internal/session", token=token)).status == 401
    assert (await desk.call("GET", "/internal/session", token=other)).status == 200


async def test_api_token_is_no_session(desk: Desk) -> None:
    token = desk.ingestion.token

    assert (await desk.call("GET", "/internal/session", token=token)).status == 401
    assert (await desk.call("GET", "/v1/articles", token=token)).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"}, 403),
        ({"Origin": "http://127.0.0.1:8080"}, 201),
        ({"Origin": "http://127.0.0.1:8081"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_write_with_the_cookie_must_come_from_the_same_origin(
    desk: Desk, headers: dict[str, str], status: int
) -> None:
    cookie = f"wm_session={await desk.session(await desk.person())}"

    answer = await desk.ingestion.client.post("/v1/articles", json=DRAFT, headers={"Cookie": cookie, **headers})

    assert answer.status == status, await answer.text()


async def test_read_with_the_cookie_needs_no_origin(desk: Desk) -> None:
    cookie = f"wm_session={await desk.session(await desk.person())}"

    assert (await desk.ingestion.client.get("/v1/articles", headers={"Cookie": cookie})).status == 200


async def test_session_from_before_the_sign_in_is_not_taken_over(desk: Desk) -> None:
    victim, planted = await desk.person(), "wms_" + "a" * 43
    headers = {"Authorization": f"Bearer {planted}", "Cookie": f"wm_session={planted}"}

    answer = await desk.ingestion.client.post(
        "/internal/sessions", json={"email": victim.email, "password": PASSWORD}, headers=headers
    )

    assert (await answer.json())["token"] != planted
    assert (await desk.call("GET", "/internal/session", token=planted)).status == 401


async def test_change_of_rights_replaces_the_token(desk: Desk) -> None:
    person = await desk.person("reporter")
    token = await desk.session(person)
    await desk.ingestion.store.people.change(person.id, {"role": "editor", "rights_version": 2})

    shown = await desk.ask("GET", "/internal/session", token=token)
    again = await desk.ask("GET", "/internal/session", token=token)
    fresh = str(shown["replace_with"])

    assert fresh.startswith("wms_")
    assert fresh != token
    assert again["replace_with"] is None
    assert (await desk.ask("GET", "/internal/session", token=fresh))["session"] == shown["session"]
    CLOCK.ahead = timedelta(seconds=31)
    assert (await desk.call("GET", "/internal/session", token=token)).status == 401
    assert (await desk.call("GET", "/internal/session", token=fresh)).status == 200


async def test_database_holds_no_token(desk: Desk) -> None:
    token = await desk.session(await desk.person())

    stored = await desk.ingestion.store.sessions.collection.find({}).to_list(None)

    assert stored
    assert token not in str(stored)
    assert token.removeprefix("wms_") not in str(stored)


async def test_sign_in_that_a_new_password_overtakes_leaves_no_session(desk: Desk) -> None:
    person = await desk.person()
    app, people = desk.ingestion.client.app, desk.ingestion.store.people
    await people.change(person.id, {"rights_version": person.rights_version + 1})

    with pytest.raises(Problem) as caught:
        await app[SIGN_IN].open(person, Visit("192.0.2.0/24", "a browser", CLOCK()))

    assert caught.value.status == 401
    assert await desk.ingestion.store.sessions.of_person(person.id, CLOCK()) == []
