"""Carries out the second step of a sign-in: from the right password to the proof of a second factor."""

from collections.abc import Mapping

from services.ingestion.people.audit import UNKNOWN, AuditLog
from services.ingestion.people.contract import SecondFactorDue
from services.ingestion.people.factors import Factor, JsonObject, SentProof
from services.ingestion.people.person_store import PersonStore
from services.ingestion.people.records import Person
from services.ingestion.people.sign_in import Visit
from services.ingestion.people.sign_in_limits import SignInLimits
from services.ingestion.people.ticket_store import TicketStore, make_ticket
from shared.errors import Problem


class SecondFactors:
    """Asks for a second factor, and checks it. Every method raises Unavailable."""

    def __init__(
        self,
        people: PersonStore,
        tickets: TicketStore,
        limits: SignInLimits,
        factors: Mapping[str, Factor],
        audit: AuditLog,
    ) -> None:
        self._people = people
        self._tickets = tickets
        self._limits = limits
        self._factors = factors
        self._audit = audit

    async def begin(self, person: Person, visit: Visit) -> SecondFactorDue | None:
        """A ticket and what the browser needs; None when the person has no second factor."""
        token, ticket = make_ticket(person)
        challenges: dict[str, JsonObject] = {}
        for name, factor in self._factors.items():
            challenge = await factor.challenge(person, ticket.id, visit.at)
            if challenge is not None:
                challenges[name] = challenge
        if not challenges:
            return None
        await self._tickets.add(ticket, visit.at)
        return SecondFactorDue(ticket=token, factors=list(challenges), passkey_options=challenges.get("passkey"))

    async def prove(self, proof: SentProof, visit: Visit) -> Person:
        """The person of the ticket; 401 for a wrong proof, or a ticket that is used, old or was tried too often; 429."""
        ticket = await self._tickets.take_try(proof.ticket, visit.at)
        person = None if ticket is None else await self._people.find(ticket.person_id)
        is_current = ticket is not None and person is not None and ticket.rights_version == person.rights_version
        if ticket is None or person is None or not is_current or not person.can_sign_in:
            raise Problem(401, "This sign-in has expired. Start again.")
        attempt = await self._limits.begin_proof(person.id, visit.at)
        checks = [await factor.check(person, ticket.id, proof, visit.at) for factor in self._factors.values()]
        if not any(checks) or not await self._tickets.use(ticket):
            details = {"step": "second-factor"}
            await self._audit.note(UNKNOWN, "session.refuse", person.id, visit.network, visit.at, details)
            raise Problem(401, "The code is wrong, or was used before.")
        await self._limits.succeed(attempt)
        return person
