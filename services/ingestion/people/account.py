"""Carries out changes of a person's own account: name, language, password, authenticator app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.ingestion.people.actor import Actor
from services.ingestion.people.contract import SentAccount
from services.ingestion.people.password_rules import check_password
from services.ingestion.people.passwords import Passwords
from services.ingestion.people.records import DeskSession, Person
from services.ingestion.people.sign_in import SignIn, Visit
from services.ingestion.people.sign_in_limits import SignInLimits
from services.ingestion.people.stores import PeopleStores
from services.ingestion.people.totp import hash_recovery_code, make_recovery_codes, make_secret, matching_step, uri_of
from shared.errors import Problem
from shared.http.bearer import ended_session
from shared.http.problems import field_problem
from shared.mongo.collections import Session


@dataclass(frozen=True)
class OwnRequest:
    """A signed-in person's request about the own account."""

    person: Person
    session: DeskSession
    visit: Visit


class Account:
    """Changes accounts. Every method raises Unavailable."""

    def __init__(
        self, stores: PeopleStores, sign_in: SignIn, passwords: Passwords, limits: SignInLimits, site_name: str
    ) -> None:
        self._stores = stores
        self._sign_in = sign_in
        self._passwords = passwords
        self._limits = limits
        self._site_name = site_name

    async def change(self, request: OwnRequest, sent: SentAccount) -> Person:
        """Set name and language. A field that was not sent keeps its value."""
        given = sent.model_dump(exclude_unset=True)
        changes = {field: value for field, value in given.items() if value != getattr(request.person, field)}
        return await self._commit(request, "account.change", changes, {"fields": sorted(changes)})

    async def change_password(self, request: OwnRequest, old: str, new: str) -> None:
        """Set a new password. The other sessions end; this one gets a new token at its next use."""
        await self._sign_in.confirm(request.person, "/old", old, request.visit.at)
        check_password("/new", new, (request.person.name, request.person.email, self._site_name))
        changes = {
            "password_hash": await self._passwords.hash(new),
            "rights_version": request.person.rights_version + 1,
        }
        await self._commit(request, "account.password", changes, {}, ends_others=True)

    async def begin_totp(self, request: OwnRequest, password: str) -> Mapping[str, str]:
        """A secret for an app, which counts after its first code; 409 when there is one already."""
        await self._sign_in.confirm(request.person, "/password", password, request.visit.at)
        if request.person.totp_secret is not None:
            raise Problem(409, "An authenticator app is set up. Remove it first.")
        secret = make_secret()
        await self._stores.people.change(request.person.id, {"totp_pending": secret})
        return {"secret": secret, "uri": uri_of(secret, request.person.email, self._site_name)}

    async def confirm_totp(self, request: OwnRequest, code: str) -> Sequence[str]:
        """Switch the app on with its first code, and return recovery codes; 422 for a wrong code, 409 without a secret."""
        secret = request.person.totp_pending
        if secret is None:
            raise Problem(409, "There is no new authenticator app to confirm.")
        attempt = await self._limits.begin_proof(request.person.id, request.visit.at)
        step = matching_step(secret, "".join(code.split()), request.visit.at, 0)
        if step is None:
            raise field_problem("/code", "The code is wrong.")
        await self._limits.succeed(attempt)
        codes = make_recovery_codes()
        changes = {
            "totp_secret": secret,
            "totp_pending": None,
            "totp_last_step": step,
            "recovery_hashes": [hash_recovery_code(one) for one in codes],
        }
        await self._commit(request, "account.totp-on", changes, {}, totp_pending=secret)
        return codes

    async def remove_totp(self, request: OwnRequest, password: str) -> None:
        """Switch the app off; 409 when there is none."""
        await self._sign_in.confirm(request.person, "/password", password, request.visit.at)
        if request.person.totp_secret is None:
            raise Problem(409, "There is no authenticator app.")
        changes: dict[str, object] = {"totp_secret": None, "totp_pending": None, "recovery_hashes": []}
        await self._commit(request, "account.totp-off", changes, {})

    async def _commit(
        self,
        request: OwnRequest,
        action: str,
        changes: Mapping[str, object],
        details: Mapping[str, object],
        *,
        ends_others: bool = False,
        **wanted: object,
    ) -> Person:
        """Store changes with their act; 401 when the person was deactivated, 409 when another request was faster."""
        if not changes:
            return request.person
        person, session = request.person, request.session
        actor = Actor(person.id, person.name, person.role, "session", session.id)

        async def work(transaction: Session) -> Person | None:
            after = await self._stores.people.change(person.id, changes, transaction, **wanted)
            if after is None:
                return None
            if ends_others:
                await self._stores.sessions.end_all(person.id, but=session.id, session=transaction)
            await self._stores.audit.note(
                actor, action, person.id, request.visit.network, request.visit.at, details, transaction
            )
            return after

        after = await self._stores.mongo.transaction(work)
        if after is None:
            raise Problem(409, "Another request has changed the account.")
        if not after.is_active:
            raise ended_session()
        return after
