"""Second factors: an authenticator app, recovery codes, tickets, and the own account around them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pyotp
import pytest
import pytest_asyncio

from services.ingestion.people.records import Person
from services.ingestion.settings import IngestionSettings
from tests.support.ingestion import pointers, running_ingestion
from tests.support.people import PASSWORD, Desk, MovedClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCK = MovedClock()
PROOF = "/internal/sessions/second-factor"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(ingestion_settings: IngestionSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """The desk at a running service whose time the tests move."""
    async with running_ingestion(ingestion_settings, tmp_path_factory.mktemp("ingestion"), CLOCK) as running:
        yield Desk(running)


@pytest.fixture(autouse=True)
def present() -> None:
    """Each test begins at the present time."""
    CLOCK.ahead = timedelta()


def code_of(secret: str) -> str:
    """The code of the test's present time."""
    return pyotp.TOTP(secret).at(CLOCK())


async def set_up(desk: Desk, person: Person, token: str) -> tuple[str, Sequence[str]]:
    """Set up an app; returns its secret and the recovery codes. The next code is of a later step."""
    made = await desk.ask("POST", "/internal/me/totp", {"password": PASSWORD}, token=token)
    secret = str(made["secret"])
    answer = await desk.ask("POST", "/internal/me/totp/confirm", {"code": code_of(secret)}, token=token)
    CLOCK.ahead += timedelta(seconds=60)
    codes = answer["recovery_codes"]
    assert isinstance(codes, list)
    return secret, codes


async def ticket_of(desk: Desk, person: Person) -> str:
    """The ticket of a right password."""
    answer = await desk.sign_in(person)
    assert (answer["state"], answer["factors"], answer["passkey_options"]) == ("second-factor", ["totp"], None)
    assert "token" not in answer
    return str(answer["ticket"])


async def test_app_is_asked_for_after_the_password(desk: Desk) -> None:
    person = await desk.person()
    secret, codes = await set_up(desk, person, await desk.session(person))

    ticket = await ticket_of(desk, person)
    answer = await desk.ask("POST", PROOF, {"ticket": ticket, "code": code_of(secret)})

    assert len(codes) == 10
    assert answer["state"] == "signed-in"
    assert (await desk.call("GET", "/internal/session", token=str(answer["token"]))).status == 200
    assert (await desk.call("GET", "/internal/session", token=ticket)).status == 401
    stored = await desk.ingestion.store.people.find(person.id)
    assert not set(codes) & set(str(stored).split("'"))


async def test_code_works_once(desk: Desk) -> None:
    person = await desk.person()
    secret, _ = await set_up(desk, person, await desk.session(person))
    tickets = [await ticket_of(desk, person) for _ in range(3)]

    answers = await asyncio.gather(
        *(desk.call("POST", PROOF, {"ticket": ticket, "code": code_of(secret)}) for ticket in tickets)
    )

    assert sorted(answer.status for answer in answers) == [200, 401, 401]
    CLOCK.ahead += timedelta(seconds=60)
    await desk.ask("POST", PROOF, {"ticket": await ticket_of(desk, person), "code": code_of(secret)})


async def test_time_step_is_used_once_and_never_an_earlier_one(desk: Desk) -> None:
    person, people = await desk.person(), desk.ingestion.store.people

    used = [await people.use_totp_step(person.id, step) for step in (5, 5, 4, 6)]

    assert used == [True, False, False, True]


async def test_code_that_set_up_the_app_signs_nobody_in(desk: Desk) -> None:
    person = await desk.person()
    secret, _ = await set_up(desk, person, await desk.session(person))
    CLOCK.ahead -= timedelta(seconds=60)

    await desk.ask("POST", PROOF, {"ticket": await ticket_of(desk, person), "code": code_of(secret)}, wanted=401)


async def test_recovery_code_works_once(desk: Desk) -> None:
    person = await desk.person()
    _, codes = await set_up(desk, person, await desk.session(person))

    for code, status in ((codes[0], 200), (codes[0], 401), (codes[1].upper(), 200), ("aaaa-bbbb-cccc-dddd", 401)):
        await desk.ask("POST", PROOF, {"ticket": await ticket_of(desk, person), "code": code}, wanted=status)


async def test_ticket_is_for_one_use_within_five_minutes(desk: Desk) -> None:
    person = await desk.person()
    _, codes = await set_up(desk, person, await desk.session(person))
    used, old = await ticket_of(desk, person), await ticket_of(desk, person)
    await desk.ask("POST", PROOF, {"ticket": used, "code": codes[0]})

    await desk.ask("POST", PROOF, {"ticket": used, "code": codes[1]}, wanted=401)
    CLOCK.ahead += timedelta(minutes=5, seconds=1)
    await desk.ask("POST", PROOF, {"ticket": old, "code": codes[1]}, wanted=401)
    await desk.ask("POST", PROOF, {"ticket": "x", "code": codes[1]}, wanted=401)


async def test_guessed_codes_are_delayed_also_with_new_tickets(desk: Desk) -> None:
    person = await desk.person()
    secret, _ = await set_up(desk, person, await desk.session(person))
    statuses, waits = [], []

    # Each delay is twice the one before: a slow machine outlasts the first ones.
    for number in range(13):
        proof = {"ticket": await ticket_of(desk, person), "code": f"{number:06d}"}
        answer = await desk.call("POST", PROOF, proof)
        statuses.append(answer.status)
        waits += [int(answer.headers["Retry-After"])] if answer.status == 429 else []

    assert statuses[:5] == [401] * 5
    assert 429 in statuses
    assert min(waits) >= 1
    CLOCK.ahead += timedelta(minutes=16)
    await desk.ask("POST", PROOF, {"ticket": await ticket_of(desk, person), "code": code_of(secret)})


@pytest.mark.parametrize("proof", [{}, {"code": "1", "credential": {}}, {"credential": 1}, {"code": 1}])
async def test_malformed_proof_is_422(desk: Desk, proof: dict[str, object]) -> None:
    await desk.ask("POST", PROOF, {"ticket": "x", **proof}, wanted=422)


async def test_app_counts_only_after_its_first_code(desk: Desk) -> None:
    person = await desk.person()
    token = await desk.session(person)
    await desk.ask("POST", "/internal/me/totp/confirm", {"code": "123456"}, token=token, wanted=409)
    await desk.ask("POST", "/internal/me/totp", {"password": "wrong"}, token=token, wanted=422)
    await desk.ask("POST", "/internal/me/totp", {"password": PASSWORD}, token=token)

    problem = await desk.ask("POST", "/internal/me/totp/confirm", {"code": "abcdef"}, token=token, wanted=422)

    assert pointers(problem) == ["/code"]
    assert (await desk.sign_in(person))["state"] == "signed-in"


async def test_removed_app_is_not_asked_for(desk: Desk) -> None:
    person = await desk.person()
    token = await desk.session(person)
    _, _codes = await set_up(desk, person, token)
    await desk.ask("POST", "/internal/me/totp", {"password": PASSWORD}, token=token, wanted=409)

    await desk.ask("DELETE", "/internal/me/totp", {"password": "wrong"}, token=token, wanted=422)
    await desk.ask("DELETE", "/internal/me/totp", {"password": PASSWORD}, token=token, wanted=204)

    assert (await desk.sign_in(person))["state"] == "signed-in"
    stored = await desk.ingestion.store.people.find(person.id)
    assert stored is not None
    assert (stored.totp_secret, stored.recovery_hashes) == (None, ())


@pytest.mark.parametrize("resets", [False, True])
async def test_invitation_removes_second_factors_only_when_asked(desk: Desk, resets: bool) -> None:
    person = await desk.person()
    await set_up(desk, person, await desk.session(person))
    made = await desk.ingestion.ask("POST", f"/v1/people/{person.id}/invite", {"reset_factors": resets})
    link = f"/internal/invitations/{str(made['invitation_url']).rpartition('/')[2]}"

    answer = await desk.ask("POST", link, {"password": "entirely other words"})

    assert answer["state"] == ("signed-in" if resets else "second-factor")


async def test_deactivated_person_cannot_finish_a_sign_in(desk: Desk) -> None:
    person = await desk.person()
    _, codes = await set_up(desk, person, await desk.session(person))
    ticket = await ticket_of(desk, person)

    await desk.ingestion.ask("PATCH", f"/v1/people/{person.id}", {"active": False})

    await desk.ask("POST", PROOF, {"ticket": ticket, "code": codes[0]}, wanted=401)


async def test_new_password_ends_a_sign_in_that_waits_for_its_factor(desk: Desk) -> None:
    person = await desk.person()
    token = await desk.session(person)
    secret, _ = await set_up(desk, person, token)
    ticket = await ticket_of(desk, person)
    sent = {"old": PASSWORD, "new": "another fine horse"}
    await desk.ask("PUT", "/internal/me/password", sent, token=token, wanted=204)

    await desk.ask("POST", PROOF, {"ticket": ticket, "code": code_of(secret)}, wanted=401)
