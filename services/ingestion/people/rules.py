"""Pure decisions about people: who must stay, and what a change means for sessions."""

from collections.abc import Iterable, Mapping

from services.ingestion.people.records import Person
from services.ingestion.people.roles import Role


def is_last_admin(person: Person, others: Iterable[Person]) -> bool:
    """Whether nobody else could administer: the person is an admin who can sign in, and none of the others is."""
    return _administers(person) and not any(_administers(other) for other in others if other.id != person.id)


def _administers(person: Person) -> bool:
    return person.role == "admin" and person.can_sign_in


def demotes(person: Person, role: Role, *, is_active: bool) -> bool:
    """Whether the person would no longer be an active admin."""
    return person.role == "admin" and person.is_active and not (role == "admin" and is_active)


def changes_of(
    person: Person, *, name: str | None, role: Role | None, is_active: bool | None
) -> Mapping[str, str | bool]:
    """The fields that get another value; None leaves a field as it is."""
    wanted: dict[str, str | bool | None] = {"name": name, "role": role, "is_active": is_active}
    return {field: value for field, value in wanted.items() if value is not None and value != getattr(person, field)}
