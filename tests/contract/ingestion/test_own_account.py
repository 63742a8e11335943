"""The own account: name, language, password, sessions; and the limits of sign-in over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from services.ingestion.app import PASSWORDS
from services.ingestion.settings import IngestionSettings
from shared.errors import Unavailable
from tests.support.ingestion import pointers, running_ingestion
from tests.support.people import PASSWORD, Desk, MovedClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCK = MovedClock()
OTHER = "entirely other words"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(ingestion_settings: IngestionSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """The desk at a running service whose time the tests move."""
    async with running_ingestion(ingestion_settings, tmp_path_factory.mktemp("ingestion"), CLOCK) as running:
        yield Desk(running)


@pytest.fixture(autouse=True)
def present() -> None:
    """Each test begins at the present time."""
    CLOCK.ahead = timedelta()


def elsewhere(desk: Desk) -> Desk:
    """The desk for a visitor of a network that nobody has used."""
    number = uuid4().int
    return replace(desk, network=f"2001:db8:{number % 0xFFFF:x}::{number % 0xFFF:x}")


async def test_name_and_language_change(desk: Desk) -> None:
    token = await desk.session(await desk.person())

    changed = await desk.ask("PATCH", "/internal/me", {"name": "Rana H.", "language": "ar"}, token=token)
    again = await desk.ask("PATCH", "/internal/me", {"language": None}, token=token)

    assert (changed["name"], changed["language"]) == ("Rana H.", "ar")
    assert (again["name"], again["language"]) == ("Rana H.", None)
    assert (await desk.ask("GET", "/internal/token", token=token))["name"] == "Rana H."


@pytest.mark.parametrize("sent", [{"name": ""}, {"language": "fr"}, {"role": "admin"}, {"name": None}])
async def test_wrong_field_of_the_account_is_422(desk: Desk, sent: dict[str, object]) -> None:
    token = await desk.session(await desk.person())

    problem = await desk.ask("PATCH", "/internal/me", sent, token=token, wanted=422)

    assert pointers(problem) == [f"/{next(iter(sent))}"]


async def test_new_password_ends_the_other_sessions(desk: Desk) -> None:
    person = await desk.person()
    token, other = await desk.session(person), await desk.session(person)
    path, sent = "/internal/me/password", {"old": PASSWORD, "new": OTHER}

    assert pointers(await desk.ask("PUT", path, {**sent, "old": "wrong"}, token=token, wanted=422)) == ["/old"]
    assert pointers(await desk.ask("PUT", path, {**sent, "new": "password1234"}, token=token, wanted=422)) == ["/new"]
    assert (await desk.call("GET", "/internal/session", token=other)).status == 200
    await desk.ask("PUT", path, sent, token=token, wanted=204)

    assert (await desk.call("GET", "/internal/session", token=other)).status == 401
    assert (await desk.ask("GET", "/internal/session", token=token))["replace_with"] is not None
    await desk.sign_in(person, wanted=401)
    await desk.sign_in(person, OTHER)


async def test_own_sessions_are_listed_and_ended(desk: Desk) -> None:
    person = await desk.person()
    tokens = [await desk.session(person) for _ in range(3)]
    await desk.session(await desk.person())

    listed = (await desk.ask("GET", "/internal/me/sessions", token=tokens[0]))["items"]

    assert isinstance(listed, list)
    assert (len(listed), sum(one["current"] for one in listed)) == (3, 1)
    assert {one["network"] for one in listed} == {"192.0.2.0/24"}
    ended = next(one["id"] for one in listed if not one["current"])
    await desk.ask("DELETE", f"/internal/me/sessions/{ended}", token=tokens[0], wanted=204)
    await desk.ask("DELETE", f"/internal/me/sessions/{ended}", token=tokens[0], wanted=404)
    await desk.ask("DELETE", "/internal/me/sessions?others=true", token=tokens[0], wanted=204)
    assert len((await desk.ask("GET", "/internal/me/sessions", token=tokens[0]))["items"]) == 1  # type: ignore[arg-type]
    await desk.ask("DELETE", "/internal/me/sessions", token=tokens[0], wanted=204)
    for token in tokens:
        assert (await desk.call("GET", "/internal/session", token=token)).status == 401


async def test_session_of_another_person_cannot_be_ended(desk: Desk) -> None:
    token, other = await desk.session(await desk.person()), await desk.session(await desk.person())
    session = (await desk.ask("GET", "/internal/session", token=other))["session"]
    assert isinstance(session, dict)

    await desk.ask("DELETE", f"/internal/me/sessions/{session['id']}", token=token, wanted=404)

    assert (await desk.call("GET", "/internal/session", token=other)).status == 200


async def test_step_up_checks_the_password_and_replaces_the_token(desk: Desk) -> None:
    token = await desk.session(await desk.person())

    await desk.ask("POST", "/internal/session/step-up", {"password": "wrong"}, token=token, wanted=422)
    stepped = await desk.ask("POST", "/internal/session/step-up", {"password": PASSWORD}, token=token)

    assert stepped["token"] != token
    CLOCK.ahead = timedelta(seconds=31)
    assert (await desk.call("GET", "/internal/session", token=token)).status == 401
    assert (await desk.call("GET", "/internal/session", token=str(stepped["token"]))).status == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/internal/me/sessions"), ("DELETE", "/internal/me/sessions")])
async def test_account_needs_a_session(desk: Desk, method: str, path: str) -> None:
    assert (await desk.call(method, path)).status == 401
    assert (await desk.call(method, path, token=desk.ingestion.token)).status == 401


async def guess(desk: Desk, email: str, times: int) -> list[int]:
    """The statuses of this many wrong passwords."""
    sent = {"email": email, "password": "not the password"}
    return [(await desk.call("POST", "/internal/sessions", sent)).status for _ in range(times)]


async def test_guessing_is_delayed_and_says_for_how_long(desk: Desk) -> None:
    person, attacker = await desk.person(), elsewhere(desk)

    statuses = await guess(attacker, person.email, 7)
    answer = await attacker.call("POST", "/internal/sessions", {"email": person.email, "password": PASSWORD})

    assert (statuses[:5], statuses[-1], answer.status) == ([401] * 5, 429, 429)
    metrics = await (await desk.call("GET", "/metrics")).text()
    assert 'wm_ingestion_sign_ins_total{outcome="delayed"}' in metrics
    CLOCK.ahead = timedelta(seconds=int(answer.headers["Retry-After"]))
    assert (await attacker.sign_in(person))["state"] == "signed-in"


async def test_guessing_elsewhere_does_not_delay_the_person(desk: Desk) -> None:
    person = await desk.person()
    home, first_time = elsewhere(desk), elsewhere(desk)
    await home.sign_in(person)

    for _ in range(3):
        await guess(elsewhere(desk), person.email, 8)

    assert (await home.sign_in(person))["state"] == "signed-in"
    assert (await first_time.sign_in(person))["state"] == "signed-in"


async def test_right_password_gets_through_from_a_network_that_signed_in_before(desk: Desk) -> None:
    person, home = await desk.person(), elsewhere(desk)
    await home.sign_in(person)

    statuses = await guess(home, person.email, 12)

    assert (statuses[0], statuses[-1]) == (401, 429)
    assert (await home.sign_in(person))["state"] == "signed-in"


async def test_account_that_nobody_has_is_limited_in_the_same_way(desk: Desk) -> None:
    person = await desk.person()

    # Each delay is twice the one before: a slow machine outlasts the first ones.
    known = await guess(elsewhere(desk), person.email, 12)
    unknown = await guess(elsewhere(desk), f"{uuid4().hex}@newsroom.example", 12)

    assert known[:5] == unknown[:5] == [401] * 5
    assert 429 in known
    assert 429 in unknown


async def test_network_that_tries_many_accounts_is_delayed(desk: Desk) -> None:
    attacker = elsewhere(desk)

    statuses = [(await guess(attacker, f"{uuid4().hex}@newsroom.example", 1))[0] for _ in range(33)]

    assert (set(statuses[:30]), statuses[-1]) == ({401}, 429)
    assert (await guess(elsewhere(desk), f"{uuid4().hex}@newsroom.example", 1)) == [401]


async def test_unknown_account_costs_a_check_as_a_known_one_does(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    person, passwords = await desk.person(), desk.ingestion.client.app[PASSWORDS]
    checked: list[str] = []
    verify = passwords._check

    def note(password: str, stored: str) -> object:
        checked.append(stored)
        return verify(password, stored)

    monkeypatch.setattr(passwords, "_check", note)
    for email in (person.email, f"{uuid4().hex}@newsroom.example"):
        await guess(elsewhere(desk), email, 1)

    assert len(checked) == 2
    assert checked[0] == person.password_hash
    # The same parameters, so the same work.
    assert checked[1].rpartition("$")[0].rpartition("$")[0] == checked[0].rpartition("$")[0].rpartition("$")[0]


async def test_failure_of_the_library_is_503_and_counts_as_no_failure(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, passwords, visitor = await desk.person(), desk.ingestion.client.app[PASSWORDS], elsewhere(desk)

    async def fail(_: object) -> None:
        raise Unavailable("argon2: HashingError('Threading failure')")

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "_run", fail)
        for _ in range(8):
            await visitor.sign_in(person, wanted=503)

    assert (await visitor.sign_in(person))["state"] == "signed-in"
