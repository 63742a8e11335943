"""A person's rows in the stores besides comments. Add each new store of personal data here."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from services.comments.model.moderation_records import AuthorRecord
from services.comments.model.records import author_of
from services.comments.model.store import MessageStore, Store
from services.comments.notifications.mail_store import NotificationStore
from services.comments.privacy.personal_data import Json, PersonalRows, plain_json


class LettersOfPerson:
    """Letters to the editors."""

    name = "messages"

    def __init__(self, messages: MessageStore) -> None:
        self._messages = messages

    async def of(self, email: str) -> list[Json]:
        """All letters, oldest first."""
        return [plain_json(asdict(letter)) for letter in await self._messages.of(email)]

    async def erase(self, email: str) -> int:
        """Delete the letters."""
        return await self._messages.erase(email)


class AuthorRecordOfPerson:
    """The record of the author's comments."""

    name = "author"

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, email: str) -> list[Json]:
        """The record, when there is one."""
        record = await self._store.authors.record(author_of(email))
        return [] if record == AuthorRecord() else [plain_json(asdict(record))]

    async def erase(self, email: str) -> int:
        """Delete the record."""
        known = len(await self.of(email))
        await self._store.mongo.transaction(partial(self._store.authors.forget, author_of(email)))
        return known


class BansOfPerson:
    """Bans of the address."""

    name = "bans"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bans = store.bans

    async def of(self, email: str) -> list[Json]:
        """The bans that still have the address in them."""
        found = await self._bans.of(author_of(email))
        return [plain_json(asdict(ban)) for ban in found if ban.email]

    async def erase(self, email: str) -> int:
        """Delete the address, also in kept answers. A ban stays in force, by a hash of it: else an erasure would lift it."""
        known, author = len(await self.of(email)), author_of(email)
        await self._bans.forget_address(author)
        await self._store.mongo.transaction(partial(self._store.answers.erase, author))
        return known


class MailsOfPerson:
    """Wishes for mails about replies, replies that wait, and the states of mails."""

    name = "mails"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows = NotificationStore(store.database)

    async def of(self, email: str) -> list[Json]:
        """All rows, each with its collection."""
        return [plain_json(row) for row in await self._rows.of(author_of(email))]

    async def erase(self, email: str) -> int:
        """Delete the rows. The address gets no mail any more."""
        author = author_of(email)
        return await self._store.mongo.transaction(lambda session: self._rows.erase(author, session))


def personal_rows(store: Store) -> Sequence[PersonalRows]:
    """The rows of all stores of the service."""
    return (LettersOfPerson(store.messages), AuthorRecordOfPerson(store), BansOfPerson(store), MailsOfPerson(store))
