"""The room's stores together, for changes that touch several of them in one transaction."""

from dataclasses import dataclass

from services.ingestion.people.audit import AuditLog
from services.ingestion.people.invitation_store import InvitationStore
from services.ingestion.people.limit_store import LimitStore
from services.ingestion.people.passkey_store import PasskeyStore
from services.ingestion.people.person_store import PersonStore
from services.ingestion.people.session_store import SessionStore
from services.ingestion.people.ticket_store import TicketStore
from shared.http.idempotency import Answers
from shared.mongo.client import Mongo


@dataclass(frozen=True)
class PeopleStores:
    """Stores of one database."""

    mongo: Mongo
    answers: Answers
    people: PersonStore
    sessions: SessionStore
    invitations: InvitationStore
    tickets: TicketStore
    limits: LimitStore
    passkeys: PasskeyStore
    audit: AuditLog

    async def prepare(self) -> None:
        """Create missing indexes."""
        await self.people.prepare()
        await self.sessions.prepare()
        await self.invitations.prepare()
        await self.tickets.prepare()
        await self.limits.prepare()
        await self.passkeys.prepare()
