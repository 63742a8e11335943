"""Carries out a sign-in: from the password to the session."""

from dataclasses import dataclass
from datetime import datetime

from services.ingestion.people.actor import Actor
from services.ingestion.people.audit import UNKNOWN, AuditLog
from services.ingestion.people.metrics import SIGN_INS
from services.ingestion.people.passwords import Check, Passwords
from services.ingestion.people.person_store import PersonStore
from services.ingestion.people.records import DeskSession, Person
from services.ingestion.people.session_store import SessionStore, make_session_token
from services.ingestion.people.sign_in_limits import Attempt, SignInLimits
from shared.errors import Problem, Unavailable
from shared.http.problems import field_problem
from shared.ids import new_id

_LONGEST_BROWSER = 200


@dataclass(frozen=True)
class Visit:
    """The circumstances of a sign-in."""

    network: str
    browser: str
    at: datetime


def browser_name(header: str) -> str:
    """The User-Agent as it can be stored. A header may hold bytes that are not UTF-8, which MongoDB refuses."""
    return header[:_LONGEST_BROWSER].encode("utf-8", "replace").decode()


class SignIn:
    """Checks passwords and opens sessions."""

    def __init__(
        self,
        people: PersonStore,
        sessions: SessionStore,
        passwords: Passwords,
        limits: SignInLimits,
        audit: AuditLog,
    ) -> None:
        self._people = people
        self._sessions = sessions
        self._passwords = passwords
        self._limits = limits
        self._audit = audit

    async def check_password(self, email: str, password: str, visit: Visit) -> Person:
        """The person with this address and password; one 401, after the same work, for anything that does not fit; 429."""
        person = await self._people.find_by_email(email)
        is_known = person is not None and visit.network in person.networks
        attempt = await self._begin(email, visit, is_known=is_known)
        stored = person.password_hash if person is not None and person.can_sign_in else None
        check = await self._check(attempt, password, stored)
        SIGN_INS.labels("right" if check.is_right else "wrong").inc()
        if person is None or not check.is_right:
            # The same work for an account that nobody has.
            account, details = "unknown" if person is None else person.id, {"step": "password"}
            await self._audit.note(UNKNOWN, "session.refuse", account, visit.network, visit.at, details)
            raise attempt.refusal or Problem(401, "E-mail address or password is wrong.")
        if check.fresh_hash is not None:
            await self._people.change(person.id, {"password_hash": check.fresh_hash}, password_hash=stored)
        return person

    async def _begin(self, email: str, visit: Visit, *, is_known: bool) -> Attempt:
        try:
            return await self._limits.begin(email, visit.network, visit.at, is_known=is_known)
        except Problem:
            SIGN_INS.labels("delayed").inc()
            raise

    async def confirm(self, person: Person, pointer: str, password: str, at: datetime) -> None:
        """Check the password of a person who is signed in; 422 at `pointer` when it is wrong, 429 after too many."""
        attempt = await self._limits.begin_proof(person.id, at)
        check = await self._check(attempt, password, person.password_hash)
        if not check.is_right:
            raise field_problem(pointer, "The password is wrong.")

    async def _check(self, attempt: Attempt, password: str, stored: str | None) -> Check:
        try:
            check = await self._passwords.check(password, stored)
        except Unavailable:
            await self._limits.take_back(attempt)
            raise
        if check.is_right:
            await self._limits.succeed(attempt)
        return check

    async def _refuse_changed(self, person: Person, session: DeskSession) -> None:
        """End a session that a new password or role has overtaken: the change ended the sessions that it saw."""
        present = await self._people.find(person.id)
        if present is None or not present.is_active or present.rights_version != person.rights_version:
            await self._sessions.end_one(person.id, session.id)
            raise Problem(401, "The account has just changed. Sign in again.")

    async def open(self, person: Person, visit: Visit) -> tuple[str, DeskSession]:
        """Open a session and return its token. The token is always new: one that was there before is worth nothing."""
        token = make_session_token()
        browser = browser_name(visit.browser)
        session = DeskSession(new_id(), person.id, visit.at, visit.at, person.rights_version, visit.network, browser)
        await self._sessions.add(token, session)
        await self._refuse_changed(person, session)
        await self._people.note_sign_in(person, visit.network, visit.at)
        await self.note(person, session, "session.sign-in", visit)
        return token, session

    async def note(self, person: Person, session: DeskSession, action: str, visit: Visit) -> None:
        """Note an act on a person's own session."""
        actor = Actor(person.id, person.name, person.role, "session", session.id)
        await self._audit.note(actor, action, session.id, visit.network, visit.at, {})
