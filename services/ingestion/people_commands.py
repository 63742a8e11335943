"""`world-monitor people`: the desk's people from the command line, also when no admin can sign in."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import orjson
from cyclopts import Parameter
from pydantic import TypeAdapter, ValidationError

from services.ingestion.commands import OPERATOR, open_store
from services.ingestion.people.contract import PersonAnswer, SentPerson, SentPersonChange
from services.ingestion.people.fields import EmailAddress, PersonName
from services.ingestion.people.people_changes import PeopleChanges, PeopleRequest
from services.ingestion.people.records import Person
from services.ingestion.people.roles import Role
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.errors import Problem
from shared.http.idempotency import Answer
from shared.http.requests import Tags
from shared.process.command_line import AsJson, command_group, print_json
from shared.times import now, rfc3339

people = command_group("people", "The desk's people.")

_ANY_VERSION = Tags(any=True)


def _checked(adapter: TypeAdapter[str]) -> Callable[[object, str], None]:
    def check(_: object, text: str) -> None:
        try:
            adapter.validate_python(text)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error

    return check


_Name = Annotated[str, Parameter(validator=_checked(TypeAdapter(PersonName)), help="the person's name")]
_Email = Annotated[str, Parameter(validator=_checked(TypeAdapter(EmailAddress)), help="the person's e-mail address")]
_Person = Annotated[str, Parameter(help="an e-mail address or an id")]


@people.command(name="list")
async def list_people(*, as_json: AsJson = False) -> None:
    """Show everybody, in order of creation."""
    with open_store() as store:
        found = await store.people.list()
    if as_json:
        print_json([PersonAnswer.of(person).model_dump(mode="json") for person in found])
        return
    for person in found:
        signed_in = "never" if person.signed_in_at is None else rfc3339(person.signed_in_at)
        print(f"{person.id}  {person.role:9}  {_state(person):11}  {signed_in:24}  {person.email}  {person.name}")


def _state(person: Person) -> str:
    if not person.is_active:
        return "deactivated"
    return "active" if person.can_sign_in else "invited"


@people.command(name="invite")
async def invite_person(*, name: _Name, email: _Email, role: Role, as_json: AsJson = False) -> None:
    """Create a person and print the invitation's link, for one use within 72 hours."""
    sent = SentPerson(name=name, email=email, role=role)
    with open_store() as store:
        await store.of_people.prepare()
        answer = await _change(lambda: PeopleChanges(store.of_people).create(_request(), sent))
    _print(answer, as_json=as_json)


@people.command(name="reset")
async def reset_person(
    person: _Person,
    *,
    factors: Annotated[bool, Parameter(negative="", help="also remove second factors, when the link is used")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the link of a new invitation, for a person who has lost the password."""
    with open_store() as store:
        found = await _find(store, person)
        changes = PeopleChanges(store.of_people)
        answer = await _change(lambda: changes.invite(_request(), found.id, resets_factors=factors))
    _print(answer, as_json=as_json)


@people.command(name="deactivate")
async def deactivate_person(person: _Person, *, as_json: AsJson = False) -> None:
    """Deactivate a person and end the sessions."""
    await _set_active(person, is_active=False, as_json=as_json)


@people.command(name="activate")
async def activate_person(person: _Person, *, as_json: AsJson = False) -> None:
    """Activate a deactivated person."""
    await _set_active(person, is_active=True, as_json=as_json)


async def _set_active(person: str, *, is_active: bool, as_json: bool) -> None:
    sent = SentPersonChange(active=is_active)
    with open_store() as store:
        found = await _find(store, person)
        changes = PeopleChanges(store.of_people)
        answer = await _change(lambda: changes.change(_request(), found.id, _ANY_VERSION, sent))
    _print(answer, as_json=as_json)


def _request() -> PeopleRequest:
    return PeopleRequest(OPERATOR, "local", now(), IngestionSettings.load().site_url)


async def _find(store: Store, person: str) -> Person:
    found = await (store.people.find_by_email(person) if "@" in person else store.people.find(person))
    if found is None:
        sys.exit(f"world-monitor: there is no person {person}")
    return found


async def _change(work: Callable[[], Awaitable[Answer]]) -> Answer:
    try:
        return await work()
    except Problem as problem:
        sys.exit(f"world-monitor: {problem.detail}")


def _print(answer: Answer, *, as_json: bool) -> None:
    facts = orjson.loads(answer.body)
    if as_json:
        print_json(facts)
    elif "invitation_url" in facts:
        print(facts["invitation_url"])
    else:
        print(f"{facts['email']} is {'active' if facts['active'] else 'deactivated'}")
