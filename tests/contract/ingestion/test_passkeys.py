"""Passkeys over HTTP: registration, the list, removal; the second factor of a sign-in."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.ingestion.people.audit import AuditEntry, AuditFilters
from services.ingestion.people.records import Person
from services.ingestion.settings import IngestionSettings
from tests.support.authenticator import Authenticator
from tests.support.ingestion import Json, pointers, running_ingestion
from tests.support.people import PASSWORD, Desk, MovedClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITE = "https://news.example"
CLOCK = MovedClock()
MINE = "/internal/me/passkeys"
CONFIRMED: Json = {"password": PASSWORD}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(ingestion_settings: IngestionSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """The desk at a running service of a site with a domain name, whose time the tests move."""
    settings = ingestion_settings.model_copy(update={"site_url": SITE})
    async with running_ingestion(settings, tmp_path_factory.mktemp("ingestion"), CLOCK) as running:
        yield Desk(running)


@pytest.fixture(autouse=True)
def present() -> None:
    """Each test begins at the present time."""
    CLOCK.ahead = timedelta()


async def _options(desk: Desk, token: str) -> Mapping[str, Any]:
    return await desk.ask("POST", f"{MINE}/options", CONFIRMED, token=token)


async def _register(desk: Desk, token: str, device: Authenticator, *, wanted: int = 201) -> Mapping[str, Any]:
    credential = device.create(await _options(desk, token))
    return await desk.ask("POST", MINE, {"name": "Phone", "credential": credential}, token=token, wanted=wanted)


async def test_registered_passkey_is_listed_and_counted(desk: Desk) -> None:
    person, device = await desk.person(), Authenticator(SITE)
    token = await desk.session(person)

    made = await _register(desk, token, device)

    assert (made["name"], made["last_used_at"]) == ("Phone", None)
    assert (await desk.ask("GET", MINE, token=token))["items"] == [made]
    shown = (await desk.ask("GET", "/internal/session", token=token))["person"]
    assert isinstance(shown, dict)
    assert shown["passkeys"] == 1
    excluded = (await _options(desk, token))["excludeCredentials"]
    assert [one["id"] for one in excluded] == [made["id"]]


async def test_removed_passkey_is_gone(desk: Desk) -> None:
    person, other = await desk.person(), await desk.person()
    token = await desk.session(person)
    made = await _register(desk, token, Authenticator(SITE))

    stranger = await desk.call("DELETE", f"{MINE}/{made['id']}", CONFIRMED, token=await desk.session(other))
    assert stranger.status == 404
    await desk.ask("DELETE", f"{MINE}/{made['id']}", CONFIRMED, token=token, wanted=204)

    assert (await desk.ask("GET", MINE, token=token))["items"] == []
    stored = await desk.ingestion.store.people.find(person.id)
    assert stored is not None
    assert stored.passkeys == 0
    actions = [act.action for act in await _acts(desk, person.id)]
    assert actions[:2] == ["person.remove-passkey", "person.add-passkey"]


@pytest.mark.parametrize("body", [{}, {"password": "another fine horse"}, {"password": ""}])
async def test_passkeys_are_added_and_removed_with_the_password_alone(desk: Desk, body: Json) -> None:
    token = await desk.session(await desk.person())
    made = await _register(desk, token, Authenticator(SITE))

    begun = await desk.ask("POST", f"{MINE}/options", body, token=token, wanted=422)
    removed = await desk.ask("DELETE", f"{MINE}/{made['id']}", body, token=token, wanted=422)

    assert pointers(begun) == pointers(removed) == ["/password"]
    assert (await desk.ask("GET", MINE, token=token))["items"] == [made]


async def _acts(desk: Desk, person_id: str) -> list[AuditEntry]:
    found, _ = await desk.ingestion.store.audit.page(AuditFilters(object=person_id), None, 20)
    return found


async def test_challenge_serves_one_registration_of_its_own_session(desk: Desk) -> None:
    token = await desk.session(person := await desk.person())
    other = await desk.session(person)
    first, device = Authenticator(SITE).create(await _options(desk, token)), Authenticator(SITE)

    elsewhere = await desk.ask("POST", MINE, {"name": "P", "credential": first}, token=other, wanted=422)
    await desk.ask("POST", MINE, {"name": "P", "credential": first}, token=token, wanted=201)
    again = await desk.ask("POST", MINE, {"name": "P", "credential": first}, token=token, wanted=422)
    late = device.create(await _options(desk, token))
    CLOCK.ahead = timedelta(minutes=5)
    too_late = await desk.ask("POST", MINE, {"name": "P", "credential": late}, token=token, wanted=422)

    assert pointers(elsewhere) == pointers(again) == pointers(too_late) == ["/credential"]


async def test_passkey_of_somebody_is_not_registered_again(desk: Desk) -> None:
    device = Authenticator(SITE)
    await _register(desk, await desk.session(await desk.person()), device)

    problem = await _register(desk, await desk.session(await desk.person()), device, wanted=422)

    assert pointers(problem) == ["/credential"]


async def test_person_has_ten_passkeys_at_most(desk: Desk) -> None:
    token = await desk.session(await desk.person())
    for _ in range(10):
        await _register(desk, token, Authenticator(SITE))

    assert (await desk.call("POST", f"{MINE}/options", CONFIRMED, token=token)).status == 409


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": " ", "credential": {}}, "/name"),
        ({"name": "P", "credential": "x"}, "/credential"),
        ({"name": "P"}, "/credential"),
        ({"name": "P", "credential": {}}, "/credential"),
    ],
)
async def test_wrong_field_is_named(desk: Desk, body: object, pointer: str) -> None:
    token = await desk.session(await desk.person())
    await _options(desk, token)

    assert pointers(await desk.ask("POST", MINE, body, token=token, wanted=422)) == [pointer]


async def test_api_token_has_no_passkeys(desk: Desk) -> None:
    for method, path in (("POST", f"{MINE}/options"), ("GET", MINE), ("POST", MINE), ("DELETE", f"{MINE}/abc")):
        assert (await desk.call(method, path, token=desk.ingestion.token)).status == 401


async def _begin(desk: Desk, person: Person) -> tuple[str, Mapping[str, Any]]:
    """The ticket of a sign-in with the right password, and the options of its passkey."""
    answer: Mapping[str, Any] = await desk.sign_in(person)
    assert (answer["state"], answer["factors"]) == ("second-factor", ["passkey"])
    return answer["ticket"], answer["passkey_options"]


async def _prove(desk: Desk, ticket: str, credential: object, *, wanted: int) -> Mapping[str, Any]:
    sent = {"ticket": ticket, "credential": credential}
    return await desk.ask("POST", "/internal/sessions/second-factor", sent, wanted=wanted)


async def test_sign_in_needs_the_passkey(desk: Desk) -> None:
    person, device = await desk.person(), Authenticator(SITE)
    token = await desk.session(person)
    await _register(desk, token, device)

    ticket, options = await _begin(desk, person)
    answer = await _prove(desk, ticket, device.get(options), wanted=200)

    assert (answer["state"], answer["person"]["id"]) == ("signed-in", person.id)
    items = (await desk.ask("GET", MINE, token=answer["token"]))["items"]
    assert isinstance(items, list)
    assert items[0]["last_used_at"] is not None


async def test_answer_serves_one_sign_in(desk: Desk) -> None:
    person, device = await desk.person(), Authenticator(SITE)
    await _register(desk, await desk.session(person), device)
    ticket, options = await _begin(desk, person)
    other_ticket, _ = await _begin(desk, person)
    credential = device.get(options)

    await _prove(desk, other_ticket, credential, wanted=401)
    await _prove(desk, ticket, credential, wanted=200)
    await _prove(desk, ticket, credential, wanted=401)


async def test_wrong_answer_uses_the_challenge_up(desk: Desk) -> None:
    person, device = await desk.person(), Authenticator(SITE)
    await _register(desk, await desk.session(person), device)
    ticket, options = await _begin(desk, person)

    await _prove(desk, ticket, Authenticator(SITE, id=device.id).get(options), wanted=401)
    await _prove(desk, ticket, device.get(options), wanted=401)


async def test_passkey_of_another_person_is_refused(desk: Desk) -> None:
    person, stranger, device, own = (
        await desk.person(),
        await desk.person(),
        Authenticator(SITE),
        Authenticator(SITE),
    )
    await _register(desk, await desk.session(person), device)
    await _register(desk, await desk.session(stranger), own)
    ticket, options = await _begin(desk, person)

    await _prove(desk, ticket, own.get(options), wanted=401)


async def test_old_ticket_is_refused(desk: Desk) -> None:
    person, device = await desk.person(), Authenticator(SITE)
    await _register(desk, await desk.session(person), device)
    ticket, options = await _begin(desk, person)
    credential = device.get(options)
    CLOCK.ahead = timedelta(minutes=5)

    await _prove(desk, ticket, credential, wanted=401)


async def test_signature_count_that_does_not_grow_is_refused(desk: Desk) -> None:
    person, device = await desk.person(), Authenticator(SITE, counts=True)
    await _register(desk, await desk.session(person), device)
    for wanted in (200, 200):
        ticket, options = await _begin(desk, person)
        await _prove(desk, ticket, device.get(options), wanted=wanted)
    copy = Authenticator(SITE, counts=True, key=device.key, id=device.id)
    ticket, options = await _begin(desk, person)

    await _prove(desk, ticket, copy.get(options), wanted=401)


async def test_invitation_after_a_loss_removes_the_passkeys(desk: Desk) -> None:
    person = await desk.person()
    await _register(desk, await desk.session(person), Authenticator(SITE))
    path = f"/v1/people/{person.id}/invite"
    invited = await desk.ask("POST", path, {"reset_factors": True}, token=desk.ingestion.token)

    link = str(invited["invitation_url"]).rsplit("/", 1)[1]
    answer = await desk.ask("POST", f"/internal/invitations/{link}", {"password": "another fine horse"})

    assert answer["state"] == "signed-in"
    assert (await desk.ask("GET", MINE, token=str(answer["token"])))["items"] == []
