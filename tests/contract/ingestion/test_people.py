"""People: invitations, changes of role and state with their sessions, and the last admin."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from services.ingestion.people.records import Person
from services.ingestion.people.roles import ROLES
from services.ingestion.settings import IngestionSettings
from tests.support.ingestion import IngestionClient, Json, pointers, running_ingestion
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


@pytest.fixture
def admin(desk: Desk) -> IngestionClient:
    """An admin's client, with a token."""
    return desk.ingestion


def a_person(**fields: object) -> Json:
    return {"name": "Rana Haddad", "email": f"{uuid4().hex[:12]}@newsroom.example", "role": "reporter", **fields}


def link_of(answer: Json) -> str:
    """The path of the internal route for an invitation's link."""
    url = str(answer["invitation_url"])
    assert url.startswith("http://127.0.0.1:8080/desk/invitation/")
    return f"/internal/invitations/{url.rpartition('/')[2]}"


async def test_invited_person_sets_a_password_and_is_signed_in(desk: Desk, admin: IngestionClient) -> None:
    sent = a_person()

    created = await admin.ask("POST", "/v1/people", sent, wanted=201)
    shown = await desk.ask("GET", link_of(created))
    signed_in = await desk.ask("POST", link_of(created), {"password": PASSWORD})

    assert {name: shown[name] for name in sent} == sent
    assert (signed_in["state"], created["has_password"], created["active"]) == ("signed-in", False, True)
    found = await admin.ask("GET", f"/v1/people/{created['id']}")
    assert (found["has_password"], found["role"]) == (True, "reporter")
    answer = await desk.ask("POST", "/internal/sessions", {"email": sent["email"], "password": PASSWORD})
    assert answer["state"] == "signed-in"


async def test_used_invitation_is_refused(desk: Desk, admin: IngestionClient) -> None:
    link = link_of(await admin.ask("POST", "/v1/people", a_person(), wanted=201))
    answers = await asyncio.gather(*(desk.call("POST", link, {"password": PASSWORD}) for _ in range(3)))

    assert sorted(answer.status for answer in answers) == [200, 410, 410]
    assert (await desk.call("POST", link, {"password": "another good phrase"})).status == 410
    assert (await desk.call("GET", link)).status == 410


async def test_invitation_ends_after_three_days(desk: Desk, admin: IngestionClient) -> None:
    link = link_of(await admin.ask("POST", "/v1/people", a_person(), wanted=201))

    CLOCK.ahead = timedelta(hours=71, minutes=59)
    assert (await desk.call("GET", link)).status == 200
    CLOCK.ahead = timedelta(hours=72, seconds=1)

    assert (await desk.call("GET", link)).status == 410
    assert (await desk.call("POST", link, {"password": PASSWORD})).status == 410


async def test_unknown_invitation_is_404(desk: Desk) -> None:
    assert (await desk.call("GET", f"/internal/invitations/{'a' * 43}")).status == 404
    assert (await desk.call("POST", f"/internal/invitations/{'a' * 43}", {"password": PASSWORD})).status == 404


async def test_refused_password_leaves_the_invitation_open(desk: Desk, admin: IngestionClient) -> None:
    link = link_of(await admin.ask("POST", "/v1/people", a_person(), wanted=201))

    for password in ("short", "password1234", "rana.haddad.2026", "worldmonitor12", "x" * 201):
        assert pointers(await desk.ask("POST", link, {"password": password}, wanted=422)) == ["/password"]

    assert (await desk.call("POST", link, {"password": PASSWORD})).status == 200


async def test_new_invitation_replaces_the_earlier_one_and_ends_sessions_when_used(
    desk: Desk, admin: IngestionClient
) -> None:
    person = await desk.person("editor")
    session = await desk.session(person)
    first = await admin.ask("POST", f"/v1/people/{person.id}/invite", {})
    second = await admin.ask("POST", f"/v1/people/{person.id}/invite")

    assert (await desk.call("GET", link_of(first))).status == 404
    assert (await desk.call("GET", "/internal/session", token=session)).status == 200
    await desk.ask("POST", link_of(second), {"password": "entirely other words"})

    assert (await desk.call("GET", "/internal/session", token=session)).status == 401
    await desk.sign_in(person, wanted=401)
    await desk.sign_in(person, "entirely other words")


async def test_deactivation_ends_sessions_and_invitations_at_once(desk: Desk, admin: IngestionClient) -> None:
    person = await desk.person("editor")
    session = await desk.session(person)
    link = link_of(await admin.ask("POST", f"/v1/people/{person.id}/invite"))

    changed = await admin.ask("PATCH", f"/v1/people/{person.id}", {"active": False})

    assert changed["active"] is False
    for path in ("/internal/session", "/internal/token", "/v1/articles"):
        assert (await desk.call("GET", path, token=session)).status == 401
    assert (await desk.call("GET", link)).status == 404
    await desk.sign_in(person, wanted=401)
    await admin.ask("POST", f"/v1/people/{person.id}/invite", wanted=409)
    await admin.ask("PATCH", f"/v1/people/{person.id}", {"active": True})
    assert (await desk.call("GET", "/internal/session", token=session)).status == 401
    await desk.sign_in(person)


async def test_new_role_counts_at_once_and_replaces_the_token(desk: Desk, admin: IngestionClient) -> None:
    person = await desk.person("reporter")
    session = await desk.session(person)

    await admin.ask("PATCH", f"/v1/people/{person.id}", {"role": "moderator"})

    assert (await desk.ask("GET", "/internal/token", token=session))["role"] == "moderator"
    assert (await desk.ask("GET", "/internal/session", token=session))["replace_with"] is not None


async def test_sign_out_ends_all_sessions_of_the_person_alone(desk: Desk, admin: IngestionClient) -> None:
    person, other = await desk.person(), await desk.person()
    ended = [await desk.session(person) for _ in range(2)]
    kept = await desk.session(other)

    assert (await admin.call("POST", f"/v1/people/{person.id}/sign-out")).status == 204

    assert [(await desk.call("GET", "/internal/session", token=token)).status for token in (*ended, kept)] == [
        401,
        401,
        200,
    ]


async def _admins_of_a_desk_alone(desk: Desk, count: int) -> list[Person]:
    """Make this number of admins, and no other: admins of earlier tests become editors."""
    for person in await desk.ingestion.store.people.list():
        await desk.ingestion.store.people.change(person.id, {"role": "editor"})
    await desk.person("admin", password=None)
    await desk.person("admin", is_active=False)
    return [await desk.person("admin") for _ in range(count)]


@pytest.mark.parametrize("change", [{"active": False}, {"role": "editor"}, {"role": "editor", "active": False}])
async def test_last_active_admin_stays(desk: Desk, admin: IngestionClient, change: Json) -> None:
    (last,) = await _admins_of_a_desk_alone(desk, 1)

    await admin.ask("PATCH", f"/v1/people/{last.id}", change, wanted=409)
    own = await desk.session(last)
    await desk.ask("PATCH", f"/v1/people/{last.id}", change, token=own, wanted=409)

    shown = await admin.ask("GET", f"/v1/people/{last.id}")
    assert (shown["role"], shown["active"], shown["version"]) == ("admin", True, last.version)
    await admin.ask("PATCH", f"/v1/people/{last.id}", {"name": "A new name"})


async def test_two_admins_cannot_demote_each_other(desk: Desk, admin: IngestionClient) -> None:
    for _ in range(3):
        pair = await _admins_of_a_desk_alone(desk, 2)

        answers = await asyncio.gather(
            *(admin.call("PATCH", f"/v1/people/{one.id}", {"role": "editor"}) for one in pair)
        )

        assert sorted(answer.status for answer in answers) == [200, 409]


async def test_stale_if_match_is_412_and_none_is_fine(desk: Desk, admin: IngestionClient) -> None:
    person = await desk.person()
    path = f"/v1/people/{person.id}"

    first = await admin.call("PATCH", path, {"name": "First"}, match=person.version)

    assert (first.status, first.headers["ETag"]) == (200, f'"{person.version + 1}"')
    await admin.ask("PATCH", path, {"name": "Second"}, match=person.version, wanted=412)
    assert (await admin.ask("PATCH", path, {"name": "Third"}))["name"] == "Third"


async def test_same_key_repeats_the_link_and_the_database_hides_it(desk: Desk, admin: IngestionClient) -> None:
    sent, key = a_person(), uuid4().hex

    first = await admin.ask("POST", "/v1/people", sent, wanted=201, Idempotency_Key=key)
    again = await admin.ask("POST", "/v1/people", sent, wanted=201, Idempotency_Key=key)

    assert first == again
    token = str(first["invitation_url"]).rpartition("/")[2]
    stored = [*await desk.ingestion.store.answers.collection.find({}).to_list(None)]
    stored += await desk.ingestion.store.invitations.collection.find({}).to_list(None)
    assert str(first["id"]) in str(stored)
    assert token not in str(stored)
    await admin.ask("POST", "/v1/people", a_person(), wanted=422, Idempotency_Key=key)


async def test_taken_address_is_422_in_any_case_of_letters(admin: IngestionClient) -> None:
    sent = a_person()
    await admin.ask("POST", "/v1/people", sent, wanted=201)

    problem = await admin.ask("POST", "/v1/people", {**sent, "email": str(sent["email"]).upper()}, wanted=422)

    assert pointers(problem) == ["/email"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", value) for value in ("", " ", "x" * 101, 1, None, "a\nb", "\u202ea")],
        *[("email", value) for value in ("", "a", "a@b", "a b@c.example", 1, None, f"{'a' * 250}@b.example")],
        *[("role", value) for value in ("", "root", 1, None)],
        ("active", True),
    ],
)
async def test_wrong_field_is_422_and_creates_nobody(admin: IngestionClient, field: str, value: object) -> None:
    before = await admin.store.people.list()

    problem = await admin.ask("POST", "/v1/people", a_person(**{field: value}), wanted=422)

    assert pointers(problem) == [f"/{field}"]
    assert await admin.store.people.list() == before


@pytest.mark.parametrize("change", [{"role": "root"}, {"active": "no"}, {"name": ""}, {"email": "a@b.example"}])
async def test_wrong_change_is_422_and_changes_nothing(desk: Desk, admin: IngestionClient, change: Json) -> None:
    person = await desk.person()

    problem = await admin.ask("PATCH", f"/v1/people/{person.id}", change, wanted=422)

    assert pointers(problem) == [f"/{next(iter(change))}"]
    assert await admin.store.people.find(person.id) == person


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
async def test_people_are_for_admins(desk: Desk, role: str) -> None:
    person = await desk.person(role)  # type: ignore[arg-type]  # one of ROLES
    session = await desk.session(person)

    for method, path, body in (
        ("GET", "/v1/people", None),
        ("POST", "/v1/people", a_person()),
        ("GET", f"/v1/people/{person.id}", None),
        ("PATCH", f"/v1/people/{person.id}", {"role": "admin"}),
        ("POST", f"/v1/people/{person.id}/invite", {}),
        ("POST", f"/v1/people/{person.id}/sign-out", {}),
    ):
        assert (await desk.call(method, path, body, token=session)).status == 403, path


async def test_list_is_paged_in_order_of_creation(desk: Desk, admin: IngestionClient) -> None:
    made = [(await desk.person()).id for _ in range(3)]
    ids: list[str] = []
    cursor = ""

    while cursor is not None:
        page = await admin.ask("GET", f"/v1/people?limit=2&cursor={cursor}")
        items = page["items"]
        assert isinstance(items, list)
        assert len(items) <= 2
        ids += [item["id"] for item in items]
        cursor = page["next_cursor"]  # type: ignore[assignment]  # text or None

    assert ids == sorted(ids)
    assert ids[-3:] == made
    await admin.ask("GET", "/v1/people?cursor=x", wanted=400)
    await admin.ask("GET", "/v1/people?role=admin", wanted=422)


async def test_unknown_person_is_404(admin: IngestionClient) -> None:
    path = f"/v1/people/{'0' * 26}"

    await admin.ask("GET", path, wanted=404)
    await admin.ask("PATCH", path, {"name": "x"}, wanted=404)
    await admin.ask("POST", f"{path}/invite", wanted=404)
    await admin.ask("POST", f"{path}/sign-out", wanted=404)
