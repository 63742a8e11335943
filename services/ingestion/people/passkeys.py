"""Carries out the registration of passkeys, and sign-ins with them as the second factor."""

import asyncio
import secrets
from datetime import datetime

from services.ingestion.people.actor import Actor
from services.ingestion.people.factors import SentProof
from services.ingestion.people.passkey_checks import (
    JsonObject,
    RelyingParty,
    check_registration,
    check_sign_in,
    registration_options,
    sign_in_options,
)
from services.ingestion.people.passkey_store import Passkey, PasskeyTaken
from services.ingestion.people.records import Person
from services.ingestion.people.stores import PeopleStores
from shared.errors import Problem
from shared.http.problems import field_problem
from shared.mongo.collections import Session

MOST_PASSKEYS = 10
_CHALLENGE_BYTES = 32


class Passkeys:
    """Registers and checks passkeys. `party` None: the site's address allows none. Every method raises Unavailable."""

    def __init__(self, stores: PeopleStores, party: RelyingParty | None) -> None:
        self._stores = stores
        self._passkeys = stores.passkeys
        self._party = party

    async def begin_registration(self, person: Person, session_id: str, at: datetime) -> JsonObject:
        """Options of a new passkey; 409 when the site or the person can have none more. The challenge is the session's."""
        party, known = self._allowed_party(), [one.key.id for one in await self._passkeys.of_person(person.id)]
        _refuse_more(len(known))
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        await self._passkeys.begin(f"register:{session_id}", challenge, at)
        return await asyncio.to_thread(
            registration_options, party, person.id, person.email, person.name, challenge, known
        )

    async def register(
        self, actor: Actor, person: Person, name: str, credential: JsonObject, network: str, at: datetime
    ) -> Passkey:
        """Store the passkey that a browser made; 422 for a wrong answer, 409 for one too many."""
        party = self._allowed_party()
        challenge = await self._passkeys.take(f"register:{actor.session_id}", at)
        if challenge is None:
            raise field_problem("/credential", "This took too long. Start again.")
        made = await asyncio.to_thread(check_registration, party, credential, challenge)
        if made is None:
            raise field_problem("/credential", "This is not the answer of a passkey for this site.")

        async def work(session: Session) -> Passkey:
            number = len(await self._passkeys.of_person(person.id, session))
            _refuse_more(number)
            passkey = await self._passkeys.add(person.id, name, made, at, session)
            await self._stores.people.change(person.id, {"passkeys": number + 1}, session)
            await self._stores.audit.note(actor, "person.add-passkey", person.id, network, at, {"name": name}, session)
            return passkey

        try:
            return await self._stores.mongo.transaction(work)
        except PasskeyTaken as error:
            raise field_problem("/credential", "This passkey is registered already.") from error

    async def remove(self, actor: Actor, person: Person, key_id: str, network: str, at: datetime) -> None:
        """Remove a person's passkey; 404 when the person has no such one."""

        async def work(session: Session) -> None:
            if not await self._passkeys.remove(person.id, key_id, session):
                raise Problem(404, "There is no such passkey.")
            left = len(await self._passkeys.of_person(person.id, session))
            await self._stores.people.change(person.id, {"passkeys": left}, session)
            await self._stores.audit.note(actor, "person.remove-passkey", person.id, network, at, {}, session)

        await self._stores.mongo.transaction(work)

    async def of_person(self, person_id: str) -> list[Passkey]:
        """A person's passkeys, oldest first."""
        return await self._passkeys.of_person(person_id)

    async def begin_sign_in(self, person: Person, ticket_id: str, at: datetime) -> JsonObject | None:
        """Options of a sign-in; None when the person has no passkey. The challenge is the ticket's.

        A site that got an address without passkeys still asks for them: an admin's invitation removes them.
        """
        known = [one.key.id for one in await self._passkeys.of_person(person.id)] if person.passkeys else []
        if not known:
            return None
        if self._party is None:
            return {}
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        await self._passkeys.begin(f"sign-in:{ticket_id}", challenge, at)
        return await asyncio.to_thread(sign_in_options, self._party, challenge, known)

    async def check(self, person: Person, ticket_id: str, credential: JsonObject, at: datetime) -> bool:
        """Whether the credential answers the ticket's challenge with one of the person's passkeys. A challenge serves once."""
        challenge = await self._passkeys.take(f"sign-in:{ticket_id}", at)
        passkeys = {one.key.id: one.key for one in await self._passkeys.of_person(person.id)}
        key = passkeys.get(str(credential.get("id")))
        if self._party is None or challenge is None or key is None:
            return False
        count = await asyncio.to_thread(check_sign_in, self._party, credential, challenge, key)
        return count is not None and await self._passkeys.note_use(key, count, at)

    async def forget(self, person_id: str, session: Session) -> None:
        """Remove all passkeys of a person."""
        await self._passkeys.remove_all(person_id, session)
        await self._stores.people.change(person_id, {"passkeys": 0}, session)

    def _allowed_party(self) -> RelyingParty:
        if self._party is None:
            raise Problem(409, "Passkeys need a site address with a domain name and https (WM_SITE_URL).")
        return self._party


def _refuse_more(number: int) -> None:
    if number >= MOST_PASSKEYS:
        raise Problem(409, f"You have {number} passkeys. Remove one first.")


class PasskeyFactor:
    """A signature of one of the person's passkeys."""

    name = "passkey"

    def __init__(self, passkeys: Passkeys) -> None:
        self._passkeys = passkeys

    async def challenge(self, person: Person, ticket_id: str, at: datetime) -> JsonObject | None:
        """Options for the browser; None when the person has no passkey."""
        return await self._passkeys.begin_sign_in(person, ticket_id, at)

    async def check(self, person: Person, ticket_id: str, proof: SentProof, at: datetime) -> bool:
        """Whether the credential is right. Its challenge is used up, right or wrong."""
        if proof.credential is None:
            return False
        return await self._passkeys.check(person, ticket_id, proof.credential, at)

    async def forget(self, person_id: str, session: Session) -> None:
        """Remove the passkeys."""
        await self._passkeys.forget(person_id, session)
