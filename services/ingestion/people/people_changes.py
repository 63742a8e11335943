"""Carries out changes of people: each with its sessions, invitations, act and stored answer in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from services.ingestion.people import rules
from services.ingestion.people.actor import Actor
from services.ingestion.people.contract import InvitedPerson, PersonAnswer, SentPerson, SentPersonChange
from services.ingestion.people.invitation_store import make_invitation_token
from services.ingestion.people.person_store import EmailTaken
from services.ingestion.people.records import Person
from services.ingestion.people.sealing import seal
from services.ingestion.people.stores import PeopleStores
from shared.errors import Problem
from shared.http.idempotency import Answer, Claim
from shared.http.problems import field_problem
from shared.http.requests import Tags, etag
from shared.ids import new_id
from shared.mongo.collections import Session


@dataclass(frozen=True)
class PeopleRequest:
    """The circumstances of a change. `sealing_key` hides a link in the stored answer."""

    actor: Actor
    network: str
    at: datetime
    site_url: str
    claim: Claim | None = None
    sealing_key: str | None = None


class PeopleChanges:
    """Changes people. Every method raises Unavailable, after which the outcome is *unknown*."""

    def __init__(self, stores: PeopleStores) -> None:
        self._stores = stores

    async def create(self, request: PeopleRequest, sent: SentPerson) -> Answer:
        """Create a person and an invitation; 422 when the e-mail address is taken."""
        person = Person(id=new_id(), name=sent.name, email=sent.email, role=sent.role, created_at=request.at)

        async def work(session: Session) -> Answer:
            await self._stores.people.add(person, session)
            return await self._invite(session, request, person, "person.create", status=201)

        try:
            return await self._stores.mongo.transaction(work)
        except EmailTaken as error:
            raise field_problem("/email", "Another person has this e-mail address.") from error

    async def invite(self, request: PeopleRequest, person_id: str, *, resets_factors: bool = False) -> Answer:
        """Make a new invitation in place of earlier ones; 409 for a deactivated person."""

        async def work(session: Session) -> Answer:
            person = await self._person(person_id, session)
            if not person.is_active:
                raise Problem(409, "This person is deactivated. Activate them first.")
            return await self._invite(
                session, request, person, "person.invite", status=200, resets_factors=resets_factors
            )

        return await self._stores.mongo.transaction(work)

    async def _invite(
        self,
        session: Session,
        request: PeopleRequest,
        person: Person,
        action: str,
        *,
        status: int,
        resets_factors: bool = False,
    ) -> Answer:
        token = make_invitation_token()
        expires_at = await self._stores.invitations.replace(
            person.id, token, request.at, session, resets_factors=resets_factors
        )
        body = InvitedPerson(
            **PersonAnswer.of(person).model_dump(),
            invitation_url=f"{request.site_url}/desk/invitation/{token}",
            invitation_expires_at=expires_at,
        )
        headers = {"ETag": etag(person.version)}
        if status == 201:
            headers["Location"] = f"/v1/people/{person.id}"
        answer = Answer(status, body.model_dump_json().encode(), headers)
        await self._stores.answers.keep(session, request.claim, seal(answer, "invitation_url", request.sealing_key))
        details = {"email": person.email, "role": person.role, "resets_factors": resets_factors}
        await self._note(session, request, action, person, details)
        return answer

    async def change(self, request: PeopleRequest, person_id: str, tags: Tags, sent: SentPersonChange) -> Answer:
        """Change name, role or state; 412 for another version, 409 for the last active admin.

        A new role gives the person's sessions new tokens. A deactivation ends them, and withdraws the invitation.
        """

        async def work(session: Session) -> Answer:
            person = await self._person(person_id, session)
            if not tags.match(person.version):
                raise Problem(412, "Someone else has changed this person; read them again.")
            after = await self._apply(session, request, person, sent)
            answer = Answer(200, PersonAnswer.of(after).model_dump_json().encode(), {"ETag": etag(after.version)})
            await self._stores.answers.keep(session, request.claim, answer)
            return answer

        return await self._stores.mongo.transaction(work)

    async def _apply(self, session: Session, request: PeopleRequest, person: Person, sent: SentPersonChange) -> Person:
        changes: dict[str, object] = dict(
            rules.changes_of(person, name=sent.name, role=sent.role, is_active=sent.active)
        )
        if not changes:
            return person
        role, is_active = sent.role or person.role, person.is_active if sent.active is None else sent.active
        if rules.demotes(person, role, is_active=is_active):
            await self._stores.people.guard_admins(session)
            if rules.is_last_admin(person, await self._stores.people.list(session)):
                raise Problem(409, "This is the last active admin. Make another person an admin first.")
        if role != person.role:
            changes["rights_version"] = person.rights_version + 1
        if not is_active:
            await self._stores.sessions.end_all(person.id, session=session)
            await self._stores.invitations.withdraw(person.id, session)
        after = await self._stores.people.change(person.id, changes, session)
        if after is None:
            raise _unknown()
        for action, details in _acts(person, after):
            await self._note(session, request, action, person, details)
        return after

    async def sign_out(self, request: PeopleRequest, person_id: str) -> Answer:
        """End all sessions of a person."""
        answer = Answer(204, b"", {})

        async def work(session: Session) -> Answer:
            person = await self._person(person_id, session)
            await self._stores.sessions.end_all(person.id, session=session)
            await self._stores.answers.keep(session, request.claim, answer)
            await self._note(session, request, "person.sign-out", person, {})
            return answer

        return await self._stores.mongo.transaction(work)

    async def _person(self, person_id: str, session: Session) -> Person:
        person = await self._stores.people.find(person_id, session)
        if person is None:
            raise _unknown()
        return person

    async def _note(
        self, session: Session, request: PeopleRequest, action: str, person: Person, details: dict[str, object]
    ) -> None:
        await self._stores.audit.note(request.actor, action, person.id, request.network, request.at, details, session)


def _unknown() -> Problem:
    return Problem(404, "There is no such person.")


def _acts(before: Person, after: Person) -> list[tuple[str, dict[str, object]]]:
    """The acts of a change: one for the state, one for the rest."""
    acts: list[tuple[str, dict[str, object]]] = []
    if before.is_active != after.is_active:
        acts.append(("person.activate" if after.is_active else "person.deactivate", {}))
    changed: dict[str, object] = {
        field: [getattr(before, field), getattr(after, field)]
        for field in ("name", "role")
        if getattr(before, field) != getattr(after, field)
    }
    if changed:
        acts.append(("person.change", changed))
    return acts
