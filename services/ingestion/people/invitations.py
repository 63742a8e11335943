"""Carries out the use of an invitation: the person sets a password, once."""

from collections.abc import Mapping

from services.ingestion.people.actor import Actor
from services.ingestion.people.factors import Factor
from services.ingestion.people.password_rules import check_password
from services.ingestion.people.passwords import Passwords
from services.ingestion.people.records import Invitation, Person
from services.ingestion.people.sign_in import Visit
from services.ingestion.people.stores import PeopleStores
from shared.errors import Problem
from shared.mongo.collections import Session


class Acceptance:
    """Shows and uses invitations. Every method raises Unavailable."""

    def __init__(
        self, stores: PeopleStores, passwords: Passwords, factors: Mapping[str, Factor], site_name: str
    ) -> None:
        self._stores = stores
        self._passwords = passwords
        self._factors = factors
        self._site_name = site_name

    async def find(self, token: str, visit: Visit) -> tuple[Invitation, Person]:
        """An open invitation and its person; 404 when it is unknown, 410 when it was used or is old."""
        invitation = await self._stores.invitations.find(token)
        person = None if invitation is None else await self._stores.people.find(invitation.person_id)
        if invitation is None or person is None:
            raise Problem(404, "There is no such invitation.")
        if not invitation.is_open(visit.at) or not person.is_active:
            raise _used()
        return invitation, person

    async def use(self, token: str, password: str, visit: Visit) -> Person:
        """Set the person's password, end their sessions, and return the person.

        As `find`; 422 for a password that the rules refuse.
        """
        invitation, person = await self.find(token, visit)
        check_password("/password", password, (person.name, person.email, self._site_name))
        changes: dict[str, object] = {
            "password_hash": await self._passwords.hash(password),
            "rights_version": person.rights_version + 1,
        }

        async def work(session: Session) -> Person:
            after = await self._stores.people.change(person.id, changes, session, is_active=True)
            if after is None or not await self._stores.invitations.use(token, visit.at, session):
                raise _used()
            await self._stores.sessions.end_all(person.id, session=session)
            if invitation.resets_factors:
                for factor in self._factors.values():
                    await factor.forget(person.id, session)
            actor = Actor(person.id, person.name, person.role, "session")
            details = {"resets_factors": invitation.resets_factors}
            await self._stores.audit.note(actor, "person.accept", person.id, visit.network, visit.at, details, session)
            return await self._stores.people.find(person.id, session) or after

        return await self._stores.mongo.transaction(work)


def _used() -> Problem:
    return Problem(410, "This invitation was used or is old. Ask an admin for a new one.")
