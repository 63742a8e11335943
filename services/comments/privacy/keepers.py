"""The stores that have rows of an address, besides comments. A new store of personal data is added here."""

from collections.abc import Sequence
from dataclasses import asdict

from services.comments.model.store import MessageStore, Store
from services.comments.privacy.personal_data import Json, Keeper, plain_json


class LetterKeeper:
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


def keepers_of(store: Store) -> Sequence[Keeper]:
    """All keepers of the service's database."""
    return (LetterKeeper(store.messages),)
